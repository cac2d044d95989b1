/** The construct in a stack of somebody's app, and the template that stack becomes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack, type StackProps } from 'aws-cdk-lib/core';
import { Quarterturn } from '../../lib/quarterturn.ts';
import type { QuarterturnProps } from '../../lib/quarterturn-props.ts';
import { withRooms } from './rooms.ts';
import { Synthesized } from './synthesized.ts';

export const jwt = {
  kind: 'jwt',
  field: 'JWT_SECRET',
  bits: 512,
  encoding: 'base64',
  cadenceDays: 180,
  readers: 'keyset',
  longestToken: '30d',
} as const;
export const admin = { kind: 'userManaged', purpose: 'The rotator role.' } as const;
export const database = {
  kind: 'database',
  scheme: 'multiUser',
  host: 'db.example.com',
  dbname: 'shop',
  identity: 'shop_app',
  roles: ['shop_a', 'shop_b'],
  admin: 'admin',
  cadenceDays: 180,
} as const;

/** @param props given the stack, so that other constructs can stand in it */
export function inAnApp<Rest>(
  props: (stack: Stack) => QuarterturnProps,
  after: (quarterturn: Quarterturn, stack: Stack) => Rest = () => undefined as Rest,
  environment: StackProps = { env: { region: 'eu-west-1', account: '111122223333' } },
): { app: Synthesized; rest: Rest } {
  return withRooms((lambdasDirectory, directory) => {
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new Stack(app, 'Shop', environment);
    const quarterturn = new Quarterturn(stack, 'Rotation', { lambdasDirectory, ...props(stack) });
    const rest = after(quarterturn, stack);
    const file = app.synth().getStackByName('Shop').templateFullPath;
    return { app: new Synthesized(readFileSync(file, 'utf8'), {}), rest };
  });
}

/** What the props are refused for. */
export function problemsOf(
  props: (stack: Stack) => QuarterturnProps,
  environment?: StackProps,
): readonly string[] {
  try {
    inAnApp(props, undefined, environment);
  } catch (error) {
    if (error instanceof Error && 'problems' in error) {
      return error.problems as string[];
    }
    throw error;
  }
  return [];
}
