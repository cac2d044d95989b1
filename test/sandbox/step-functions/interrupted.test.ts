import { expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { InterruptedError, Strands } from '../../../sandbox/step-functions/strands.ts';
import { after, start } from './machine.ts';

test('regression: a task that fails just as its execution is stopped fails for nobody', async () => {
  const strands = new Strands(new SandboxClock(start, 'manual'));
  const work = Promise.reject(new Error('the task failed'));
  const stopped = AbortSignal.abort(new InterruptedError('stopped'));
  const late = () => new Error('late');
  await expect(strands.within(work, after(60), 'a task', late, stopped)).rejects.toThrow('stopped');
  // Node ends the process for a rejection that nobody has handled by now.
  await new Promise((resolve) => setImmediate(resolve));
});
