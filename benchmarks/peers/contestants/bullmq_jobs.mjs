// BullMQ: a job is moved to completed, and removed there, when its processor has returned.

import { openSync, writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Queue, Worker } from "bullmq";

const address = new URL(process.env.PEER_REDIS_URL);
const connection = { host: address.hostname, port: Number(address.port), maxRetriesPerRequest: null };
const concurrency = Number(process.env.PEER_CONCURRENCY ?? "100");
const [command, count] = [process.argv[2], Number(process.argv[3])];
const removed = { removeOnComplete: true };

function say(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

function work() {
  const tape = openSync(process.env.PEER_TAPE, "w");
  const mark = Buffer.alloc(8);
  const told = async (job) => {
    mark.writeBigInt64LE(BigInt(job.data.number));
    writeSync(tape, mark);
  };
  const worker = new Worker("bench", told, { connection, concurrency });
  process.on("SIGTERM", () => worker.close(true).then(() => process.exit(0)));
}

async function enqueue() {
  const queue = new Queue("bench", { connection, defaultJobOptions: removed });
  const one = (number) => queue.add("noop", { number });
  if (command === "idle") {
    for (let number = 0; number < count; number += 1) {
      say({ number, at: Number(process.hrtime.bigint()) / 1e9 });
      await one(number);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  } else {
    const started = performance.now();
    if (command === "batch") {
      for (let first = 0; first < count; first += 1000) {
        const numbers = Array.from({ length: Math.min(1000, count - first) }, (_, i) => first + i);
        await queue.addBulk(numbers.map((number) => ({ name: "noop", data: { number } })));
      }
    } else {
      for (let number = 0; number < count; number += 1) await one(number);
    }
    say({ jobs: count, seconds: (performance.now() - started) / 1000, is_batch: command === "batch" });
  }
  await queue.close();
}

if (command === "work") work();
else await enqueue();
