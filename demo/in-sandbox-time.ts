/**
 * Loaded before anything else into a process beside the sandbox: it lives by the sandbox's clock, which its parent
 * tells over IPC, and ends with its parent. Between two words its time flows as the machine's does, and never back.
 */
const MachineDate = Date;
let offset = Number(process.env.SANDBOX_CLOCK_OFFSET ?? '0');
const now = () => MachineDate.now() + offset;

const ShiftedDate = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new MachineDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});
MachineDate.prototype.constructor = ShiftedDate;
globalThis.Date = ShiftedDate;

process.on('message', (told: { clockOffset: number }) => {
  offset = Math.max(offset, told.clockOffset);
  process.send?.(told);
});
process.on('disconnect', () => process.exit(0));
// Listening must not keep it alive: it ends when the application has nothing left to do.
process.channel?.unref();
