"""Clears away objects that nothing refers to any more, and never one that something does.

Objects are content-addressed and shared, so nobody can delete one because *he* needs it no more. A collection goes:

1. **List.** Objects that were last put long enough ago are candidates, those of erased jobs whatever their age. Age
   is for economy: the proof does without it.
2. **Condemn** (``condemn.lua``). Candidates that a first look finds no reference to are written down in Redis, under
   a number that is larger than any before.
3. **Look.** Every record in Redis is read, then the archive is asked. What is named there is let off.
4. **Doom** (``doom.lua``). What is still condemned *under that number* is moved, in one step, to the list of deleted
   objects, with the number.
5. **Delete** it from the places that were listed in 1.

Whoever writes a reference does so in a script (``record.lua``, ``upload.lua``, ``submit.lua``, ``requeue.lua``) that
takes the object off the condemned. And whoever has put an object for it says in which place: 0 is the first, and
where the object is on the list of deleted ones with a larger number, the script writes nothing and answers with that
number. The writer puts the object in the place of that number, where reading looks second, and writes again.

**Why no object is deleted that a reference stands for.** Say a reference to an object in place *p* was written at
time *t*. A collection of number *n* deletes places it listed before it was condemned, so before anybody knew *n*: of
these all are called by smaller numbers. If *n* <= *p*, it does not touch place *p*. If *n* > *p* and it was doomed
before *t*, the script would have refused at *t*. If it was doomed after *t*, it had been condemned before *t* and
writing pardoned it, so it was not doomed; or it was condemned after *t*, and the look that followed found the
reference, if it still stood. A reference that moves meanwhile is found too: within a job, since each is read at one
moment; from Redis to the archive, since Redis is looked at first and a job leaves it only after its rows are
committed; from a job to its dead letter, since letters are read after jobs; and where it is copied into another job,
or a letter becomes a job again, since that is writing.

Nothing in this waits for anybody, and it does not matter how many collectors there are, whether one is killed between
two steps, or how late a deletion takes effect that it has begun: the place is not used again. The list of deleted
objects is cut after a week (``FORGET_S``); a writer that was away for so long has lost its lease, and its reference
is refused.

Some things stop a collection before it begins: the object store belongs to another Redis (``owner`` in the store),
Redis has not been in use for long enough to know all references, or an archive holds some that this process cannot
see.
"""
