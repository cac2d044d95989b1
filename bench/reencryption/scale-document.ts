/** The text of docs/scale.md around its tables. */
import { defaultThrottle } from '../../domain/policy/throttle.ts';
import { planLimits } from '../../lambdas/reencryption/plan.ts';
import { assumed, figuresTable, onTheWay, prices, scaleOf, scaleTable } from './scale.ts';

export function scaleDocument(): string {
  const { ranges } = scaleOf(1e9, 2, { columns: 1, worker: 1, cryptography: 1, server: 1, log: 1 });
  return `# A hundred million rows, a billion rows

How long a re-encryption of that size takes, what it writes and what it costs. The tables are computed, not measured: from the figures of one row, by the formula below. Rehearse on a copy of your database before you rely on them.

## Figures of one row

Measured on one machine (\`docs/benchmarks.md\`, 2026-11-23): rows of about ${assumed.rowBytes} bytes with three indexes, walked in the order of their key, values of 80 characters. Your rows have others: \`npm run bench -- reencryption\` measures them anew for your processor.

${figuresTable()}

Walked by a random key (uuid v4) the log is several times as large, because every page is written whole after each checkpoint, once for each of its rows; the engine walks such tables by blocks. Values of kilobytes cost by their bytes, not by their number. An index on an encrypted column makes every update touch all indexes: expect at least the log and the growth of an UPDATE (\`docs/benchmarks.md\`, (a)).

## A hundred million rows

${scaleTable(100)}

## A billion rows

${scaleTable(1_000)}

\`workers\` is \`reencryption.workers\` of the configuration. A billion rows are ${ranges.toLocaleString('en')} ranges of ${planLimits.rowsPerRange.toLocaleString('en')} rows; a range is the most that is claimed, not the most that is done again when a worker dies (that is a window of 8,000 rows).

## Formula

| | is |
|---|---|
| rate | the smaller of: workers × 1 s / (worker + server + way); ${defaultThrottle.walBytesPerSecond / 1e6} MB/s / log |
| rewrite | rows / rate |
| verify | rows / (workers × 1 s / (cryptography / 3 + (worker − cryptography + server) / 2 + way)), an upper bound: one of three operations of cryptography, nothing is written |
| way | ${assumed.roundTrips.rewrite} statements a window of ${assumed.windowRows.toLocaleString('en')} rows (${assumed.roundTrips.verify} to verify) × ${assumed.roundTripMicroseconds / 1_000} ms between two subnets, assumed: ${onTheWay('rewrite').toFixed(1)} µs a row (${onTheWay('verify').toFixed(1)} µs) |
| server cores | rate × server |
| Lambda | workers × (rewrite + verify) × ${assumed.memoryGigabytes.toFixed(2)} GB × $${prices.lambdaGigabyteSecond}, and $${prices.lambdaCall.toFixed(7)} a call of ${assumed.callSeconds} s at most |
| Step Functions | $${prices.stateTransition.toFixed(6)} × (${assumed.transitionsPerWorker} a worker and pass, ${assumed.transitionsPerCall} a call, ${assumed.otherTransitions} around them) |
| Aurora I/O | $${prices.auroraRequest.toFixed(7)} × (log / ${assumed.auroraWriteBytes} B + ${assumed.passes} × rows × ${assumed.rowBytes} B / ${assumed.pageBytes} B) |

US dollars, list prices of us-east-1 in November 2026, without free tier, from AWS's price pages of Lambda, Step Functions and Aurora. RDS for PostgreSQL and Aurora I/O-Optimized charge no I/O; there the last column is nothing. Not in it: the database itself, what a standby in another region or a stream of the log transfers, storage of backups (they grow by about the log), sweep and count (scans inside the server: minutes for a billion rows that are in memory, hours where they are read from a disk of little throughput).

## What to set

- **The log sets the speed, not cryptography.** Above ${defaultThrottle.walBytesPerSecond / 1e6} MB/s of log, everything the server writes counted, workers slow down by themselves; where the table says *log*, more workers cost more and bring nothing.
- **Workers**: as many as the server has vCPUs, twice as many at most, less what the application needs. Each has one connection.
- **Standbys and slots**: workers pause while a standby is more than ${defaultThrottle.replicationLagSeconds} s behind, and while a slot has less than ${defaultThrottle.slotBytesLeft / 1e9} GB of log left. A slot without \`max_slot_wal_keep_size\` keeps the log until its reader has read it: leave room on the disk for all of it, or drop the slot.
- **Disk**: a table grows by a quarter to a third (\`docs/benchmarks.md\`); transactions that stay open for long take that room away, and then it doubles.
- **Limit of a key**: 2^32 seals a column (with profile \`none\`, over all columns together). A billion values are a quarter of it; the alarm is at half.
- **Time**: a job of days is nothing special. It is paused and resumed (\`quarterturn reencrypt pause\`), a lost worker's window is done again, and a new execution goes on where the last one ended.
`;
}
