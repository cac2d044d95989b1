/** The section of docs/benchmarks.md on scanning. */
import { gitVersion, type ScanFigures } from './scan.ts';
import { table } from './tables.ts';

export function scanSection({
  machine,
  load,
  megabytes,
  commits,
  scan,
  grep,
}: ScanFigures): string {
  const rate = (seconds: number) => `${(megabytes / seconds).toFixed(0)} MB/s`;
  return `## Scanning a repository

Measured on ${machine.date} by \`npm run bench -- scan\` on ${machine.processor}, Node ${machine.node}, ${gitVersion()}; load before and after ${load.map((each) => each.toFixed(1)).join(' and ')}. A load above 1 before it begins means that somebody else was at work: the seconds of a core suffer less than those of the clock.

A history of ${commits.toLocaleString('en')} commits (versions of source files, lock files, images), ${megabytes.toFixed(0)} MB of objects once they are unpacked; eight values of seven secrets. \`git log -p --all | grep -F -f\` is told each value as it is stored, in base64, base64url and hex.

${table(
  ['way', 'seconds', 'of a core', 'objects a second of a core', 'memory at most', 'found'],
  [
    [
      '`quarterturn scan`',
      scan.seconds.toFixed(1),
      scan.cpuSeconds.toFixed(1),
      rate(scan.cpuSeconds),
      `${scan.peakMegabytes.toFixed(0)} MB`,
      String(scan.found),
    ],
    [
      '`git log -p` and grep',
      grep.seconds.toFixed(1),
      grep.cpuSeconds.toFixed(1),
      rate(grep.cpuSeconds),
      'not measured',
      String(grep.found),
    ],
  ],
)}

They do not read the same: grep sees the lines that changed, on branches, in four spellings, and has the values in a file; the scan reads every object whole, also those that no branch reaches and binary files, in every spelling of docs/scan.md, and has no value. Memory is that of Node.js, without Git's own.

Memory does not depend on the size: a gigabyte (\`--full\`) takes little more than 100 MB.

What bounds it: text is looked at every sixteenth character; what could hold a value (runs of base64, hex, binary files) is read character by character, at about 30 to 80 MB a second of a core.`;
}
