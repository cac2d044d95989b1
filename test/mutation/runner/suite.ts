/**
 * The part of Jest's API that this project's tests use, as a tree that can be run again and again in one process.
 * Jest gives every file a new realm and links its modules anew: 0.3 s and more a file, which thousands of mutants
 * cannot pay. What a test of a mutant needs of that is new modules, and those `bundles.ts` gives it.
 */
import { createRequire } from 'node:module';
import type { expect as JestExpect } from '@jest/globals';

// Jest's own, wherever they are installed: dependencies of its dependencies, not ours.
const jest = createRequire(createRequire(import.meta.url).resolve('jest'));
const core = createRequire(jest.resolve('@jest/core'));
const { expect } = core('expect') as { expect: typeof JestExpect };
const { bind } = core('jest-each') as { bind(add: unknown, supportsDone: boolean): unknown };

type Body = () => unknown;

export interface Test {
  title: string;
  body: Body;
  skipped: boolean;
  milliseconds: number;
}

interface Block {
  title: string;
  skipped: boolean;
  children: (Block | Test)[];
  before: Body[];
  after: Body[];
  beforeEach: Body[];
  afterEach: Body[];
}

/** What a test file registers while it is loaded. */
export interface Suite {
  globals: Record<string, unknown>;
  root: Block;
}

const block = (title: string, skipped = false): Block => ({
  title,
  skipped,
  children: [],
  before: [],
  after: [],
  beforeEach: [],
  afterEach: [],
});

export function newSuite(): Suite {
  const root = block('');
  let open = root;
  let patience = 30_000;

  const addTest = (skipped: boolean) => (title: string, body: Body, milliseconds?: number) => {
    open.children.push({ title, body, skipped, milliseconds: milliseconds ?? patience });
  };
  const addBlock = (skipped: boolean) => (title: string, body: Body) => {
    const outer = open;
    const inner = block(title, skipped);
    outer.children.push(inner);
    open = inner;
    try {
      body();
    } finally {
      open = outer;
    }
  };
  const withEach = <Add extends (...args: never[]) => void>(add: Add) =>
    Object.assign(add, { each: bind(add, false) });

  const test = Object.assign(withEach(addTest(false)), { skip: withEach(addTest(true)) });
  const describe = Object.assign(withEach(addBlock(false)), { skip: withEach(addBlock(true)) });
  const hook = (of: 'before' | 'after' | 'beforeEach' | 'afterEach') => (body: Body) => {
    open[of].push(body);
  };
  const jest = {
    setTimeout: (milliseconds: number) => {
      patience = milliseconds;
    },
  };
  return {
    root,
    globals: {
      test,
      it: test,
      describe,
      expect,
      jest,
      beforeAll: hook('before'),
      afterAll: hook('after'),
      beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'),
    },
  };
}

export interface TestRun {
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  milliseconds: number;
  message: string;
}

export interface Watching {
  /** Which tests are run; hooks of a block without one are not. */
  wants: (name: string) => boolean;
  /** Before its hooks and its body, and with undefined after them. */
  onTest?: (name: string | undefined) => void;
  /** @returns true when the run is to end */
  onResult?: (run: TestRun) => boolean;
}

/** Errors that nobody awaits belong to the test that is running. */
let thrownAside: unknown[] = [];
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => thrownAside.push(error ?? new Error(event)));
}

const isBlock = (child: Block | Test): child is Block => 'children' in child;

export async function runSuite(suite: Suite, watching: Watching): Promise<TestRun[]> {
  const results: TestRun[] = [];
  const seen = new Map<string, number>();
  let ended = false;

  function named(path: string, title: string): string {
    // An error in a table prints with its stack, which is another one in every run.
    const [line = ''] = title.split('\n');
    const name = path === '' ? line : `${path} ${line}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  }

  /** Named before anything runs: a test has the same name whichever others are run. */
  const names = new Map<Test, string>();
  (function name(inside: Block, path: string) {
    for (const child of inside.children) {
      if (isBlock(child)) {
        name(child, path === '' ? child.title : `${path} ${child.title}`);
      } else {
        names.set(child, named(path, child.title));
      }
    }
  })(suite.root, '');
  const nameOf = (test: Test) => names.get(test) ?? test.title;

  const hasWanted = (inside: Block): boolean =>
    inside.children.some((child) =>
      isBlock(child) ? hasWanted(child) : watching.wants(nameOf(child)),
    );

  function tell(run: TestRun): void {
    results.push(run);
    ended ||= watching.onResult?.(run) ?? false;
  }

  async function runTest(test: Test, outer: Block[], broken: unknown, skipped: boolean) {
    const name = nameOf(test);
    if (skipped || test.skipped) {
      tell({ name, status: 'skipped', milliseconds: 0, message: '' });
      return;
    }
    const start = performance.now();
    let failure = broken;
    watching.onTest?.(name);
    thrownAside = [];
    expect.setState({
      assertionCalls: 0,
      expectedAssertionsNumber: null,
      isExpectingAssertions: false,
    });
    try {
      if (failure === undefined) {
        for (const hook of outer.flatMap((it) => it.beforeEach)) await hook();
        await within(test.milliseconds, test.body);
        const [missing] = expect.extractExpectedAssertionsErrors();
        if (missing) failure = missing.error;
      }
    } catch (error) {
      failure ??= error ?? new Error('thrown: undefined');
    }
    try {
      if (broken === undefined) {
        for (const hook of outer.toReversed().flatMap((it) => it.afterEach)) await hook();
      }
    } catch (error) {
      failure ??= error;
    }
    failure ??= thrownAside[0];
    watching.onTest?.(undefined);
    tell({
      name,
      status: failure === undefined ? 'passed' : 'failed',
      milliseconds: performance.now() - start,
      message: failure === undefined ? '' : String((failure as Error).stack ?? failure),
    });
  }

  async function runBlock(inside: Block, outer: Block[], broken: unknown, skipped: boolean) {
    if (!hasWanted(inside)) return;
    let failure = broken;
    if (!skipped && failure === undefined) {
      try {
        for (const hook of inside.before) await hook();
      } catch (error) {
        failure = error ?? new Error('thrown: undefined');
      }
    }
    const path = [...outer, inside];
    for (const child of inside.children) {
      if (ended) break;
      if (isBlock(child)) {
        await runBlock(child, path, failure, skipped || child.skipped);
      } else if (watching.wants(nameOf(child))) {
        await runTest(child, path, failure, skipped);
      }
    }
    if (!skipped) {
      for (const hook of inside.after) await Promise.resolve(hook()).catch(() => undefined);
    }
  }

  await runBlock(suite.root, [], undefined, false);
  return results;
}

async function within(milliseconds: number, body: Body): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${milliseconds} ms`)), milliseconds);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}
