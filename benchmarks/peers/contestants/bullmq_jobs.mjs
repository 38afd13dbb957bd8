// BullMQ: a job is moved to completed, and removed there, when its processor has returned. By default a lock is held for
// 30 s, renewed at half of that, and looked for every 30 s; a lock is renewed on the loop that runs the jobs.

import { openSync, writeSync } from "node:fs";
import { Queue, Worker } from "bullmq";

const address = new URL(process.env.PEER_REDIS_URL);
const connection = { host: address.hostname, port: Number(address.port), maxRetriesPerRequest: null };
const concurrency = Number(process.env.PEER_CONCURRENCY ?? "100");
const waits = Number(process.env.PEER_WAIT_S ?? "0");
const longest = Number(process.env.PEER_HAND_IN_S ?? "60");
const pauses = (process.env.PEER_PAUSE_S ?? "0.02,0.06").split(",").map(Number);
const first = Number(process.env.PEER_FIRST ?? "0");
const text = "x".repeat(Number(process.env.PEER_PAYLOAD ?? "0"));
const best = process.env.PEER_RECOVERY === "best" ? { lockDuration: 2000, stalledInterval: 500 } : {};
const [command, count] = [process.argv[2], Number(process.argv[3])];
const removed = { removeOnComplete: true };
const portion = Math.max(1, Math.min(1000, Math.floor(8e6 / Math.max(1, text.length))));

function say(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

function now() {
  return Number(process.hrtime.bigint()) / 1e9;
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function given(number) {
  return text ? { number, text } : { number };
}

function work() {
  const tape = openSync(process.env.PEER_TAPE, "w");
  const mark = Buffer.alloc(16);
  const told = async (job) => {
    mark.writeBigInt64LE(BigInt(job.data.number));
    mark.writeDoubleLE(now(), 8);
    writeSync(tape, mark);
    if (waits) await pause(waits);
  };
  const worker = new Worker("bench", told, { connection, concurrency, ...best });
  process.on("SIGTERM", () => worker.close(true).then(() => process.exit(0)));
}

async function enqueue() {
  const queue = new Queue("bench", { connection, defaultJobOptions: removed });
  const one = (number) => queue.add("noop", given(number));
  if (command === "idle") {
    for (let number = first; number < first + count; number += 1) {
      say({ number, at: now() });
      await one(number);
      await pause(pauses[0] + Math.random() * (pauses[1] - pauses[0]));
    }
  } else {
    const size = command === "batch" ? portion : 1;
    const at = now();
    let done = 0;
    while (done < count && now() - at < longest) {
      const numbers = Array.from({ length: Math.min(size, count - done) }, (_, i) => first + done + i);
      if (size > 1) await queue.addBulk(numbers.map((number) => ({ name: "noop", data: given(number) })));
      else await one(numbers[0]);
      done += numbers.length;
    }
    say({ jobs: done, at, seconds: now() - at, is_batch: size > 1 });
  }
  await queue.close();
}

if (command === "work") work();
else await enqueue();
