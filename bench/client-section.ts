/** The section of docs/benchmarks.md on the client. */
import type { ClientFigures, Overhead } from './client.ts';
import { median } from './measure.ts';
import { table, verdict } from './tables.ts';

/** Client / bare. */
const overheadGoal = 1.05;

export function clientSection({ machine, load, overheads, first }: ClientFigures): string {
  const [some] = overheads;
  return `## The client

Measured on ${machine.date} by \`npm run bench -- client\` on ${machine.processor}, Node ${machine.node}; load before and after ${load.map((each) => each.toFixed(1)).join(' and ')}. A load above 1 before it begins means that somebody else was at work; times are too long then, ratios suffer less.

The same tokens (HS512) and fields, one call after the other, in one process, client and bare in turn. Of each side the least disturbed round of a repetition counts; ratios are medians of ${some?.ratios.length ?? 0} repetitions, lowest and highest in brackets.

${table(['what', 'against', 'client', 'bare', `ratio, ≤ ${overheadGoal}`, 'requests to AWS'], overheads.map(row))}

Before the first call each of the two secrets was read once (${first} requests). A key that is known costs no request, and no connection: a test counts both.

What bounds it: the HMAC and the cipher are Node's own on both sides, 1 to 3 µs a call whatever the value's length. Beside jose it is one look into a map for the header of the token. Beside node:crypto the client verifies no slower, because a header that was read before is not read again. A field costs more than the bare cipher because the format demands more of a value than its tag: its text has to be the one its bytes encode to (encoded again and compared), the plaintext has to be UTF-8, and the kid has to be one of the keyset. Beside code that checks the same the client costs what a map and a clock cost.`;
}

function row({ what, against, client, bare, ratios, calls, requests }: Overhead): string[] {
  const ratio = median(ratios);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return [
    what,
    against,
    `${client.toFixed(1)} µs`,
    `${bare.toFixed(1)} µs`,
    `${ratio.toFixed(2)} (${spread}): ${verdict(ratio <= overheadGoal)}`,
    `${requests} in ${calls.toLocaleString('en')} calls`,
  ];
}
