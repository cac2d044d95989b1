/** `docs/dependencies.md`: what is depended on, why, under which licence, and what of it ships where. */
import type { Shipment } from './artefacts.ts';
import { reasons } from './direct-dependencies.ts';
import type { Locked } from './lockfile.ts';

export function dependenciesPage(direct: readonly string[], shipment: Shipment): string {
  const { lockfile, quarterturn, bundles } = shipment;
  const rows = [...direct].sort().map((name) => {
    const one = lockfile.resolve(name, '');
    const rooms = [...bundles.values()].filter(({ contents }) =>
      contents.some((it) => it.path === one?.path),
    );
    const shipped = [
      ...(quarterturn.dependencies.includes(name) ? ['package'] : []),
      ...(quarterturn.peers.includes(name) ? ['package, optional peer'] : []),
      ...(rooms.length > 0 ? [`${rooms.length} of ${bundles.size} bundles`] : []),
    ];
    const ships = shipped.join('; ') || 'no';
    return `| ${name} | ${one?.version} | ${one?.license} | ${reasons[name]} | ${ships} |`;
  });
  const everything = [quarterturn, ...bundles.values()].flatMap(({ contents }) => contents);
  const licences = countsOf(new Map(everything.map((it) => [it.path, it])));
  return `# Dependencies

Made by \`test/supply-chain/dependencies.test.ts\`, which compares it exactly. \`npm run sbom\` writes a bill of materials (CycloneDX) for each artefact and the hashes of the bundles into \`dist/sbom\`; the packages carry theirs in \`dist/sbom\`. \`npm run audit\` asks the registry for advisories and signatures, and says so when the registry does not answer.

## Direct runtime dependencies

*Ships*: as a dependency of the npm package \`quarterturn\`, as an optional peer that only the sandbox or an app of the CDK needs, or inside the bundles of functions. *no*: only this repository's own commands use it.

| package | version | licence | for | ships |
|---|---|---|---|---|
${rows.join('\n')}

## What ships in which artefact

| artefact | packages in it | of them named above |
|---|---|---|
| \`@quarterturn/client\` | 0 | none: adapters take what the application has |
| \`quarterturn\` | ${quarterturn.contents.length} that npm installs for it | ${quarterturn.dependencies.join(', ')} |
${[...bundles]
  .map(
    ([room, { contents }]) =>
      `| function \`${room}\` | ${contents.length} | ${contents
        .filter(({ name }) => direct.includes(name))
        .map(({ name }) => name)
        .join(', ')} |`,
  )
  .join('\n')}

## Licences of what ships

| licence | packages |
|---|---|
${licences.map(([licence, count]) => `| ${licence} | ${count} |`).join('\n')}

Nothing under AGPL or GPL ships. One development dependency is AGPL-3.0, \`@cloud-copilot/iam-simulate\` with its parts: tests compare the sandbox's IAM with it, and only files under \`test/\` import it.
`;
}

function countsOf(packages: ReadonlyMap<string, Locked>): [string, number][] {
  const counts = new Map<string, number>();
  for (const { license = 'none' } of packages.values()) {
    counts.set(license, (counts.get(license) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
