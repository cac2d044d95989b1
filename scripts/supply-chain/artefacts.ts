/** What is shipped, and the packages each of it brings: two npm packages and a bundle for every function. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reachedFrom } from '../package/modules.ts';
import { packageJson } from '../package/package-json.ts';
import { packagesOfBundles } from './bundles.ts';
import { type Artefact, bomOf } from './cyclonedx.ts';
import { type Locked, type Lockfile, readLockfile } from './lockfile.ts';

export interface Shipped {
  artefact: Artefact;
  contents: readonly Locked[];
}

export interface Shipment {
  lockfile: Lockfile;
  /** With what npm installs for it; its optional peers are whose who asks for them. */
  quarterturn: Shipped & { peers: readonly string[]; dependencies: readonly string[] };
  client: Shipped;
  /** By room. */
  bundles: ReadonlyMap<string, Shipped>;
}

/** @param root the tree, its functions bundled into `dist/lambdas` */
export function shipmentOf(root: string): Shipment {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lockfile = readLockfile(root);
  const packed = packageJson(root, {
    lib: reachedFrom(root, 'lib/index.ts'),
    cli: reachedFrom(root, 'bin/installed.ts'),
  }) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  const dependencies = Object.keys(packed.dependencies);
  const common = { version: own.version, license: own.license };
  const bundles = packagesOfBundles(join(root, 'dist/lambdas'), lockfile);
  return {
    lockfile,
    quarterturn: {
      artefact: { ...common, name: own.name, type: 'library', description: own.description },
      contents: lockfile.closure(dependencies),
      dependencies,
      peers: Object.keys(packed.peerDependencies),
    },
    client: clientOf(common),
    bundles: new Map(
      [...bundles].map(([room, contents]) => [
        room,
        {
          artefact: {
            ...{ ...common, name: `quarterturn-function-${room}`, type: 'application' as const },
            description: `The bundled functions of lambdas/${room}.`,
          },
          contents,
        },
      ]),
    ),
  };
}

/** It depends on nothing; what an adapter takes is an optional peer, and the application's own. */
const clientOf = (common: { version: string; license: string }): Shipped => ({
  artefact: {
    ...{ ...common, name: '@quarterturn/client', type: 'library' },
    description: 'Reads secrets while they rotate.',
  },
  contents: [],
});

export function bomOfClient(root: string): string {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return textOf(clientOf({ version, license }), readLockfile(root));
}

const textOf = ({ artefact, contents }: Shipped, lockfile: Lockfile): string =>
  `${JSON.stringify(bomOf(artefact, contents, lockfile), undefined, 2)}\n`;

/** File → bill of materials. */
export function bomsOf({ lockfile, quarterturn, client, bundles }: Shipment): Map<string, string> {
  const text = (one: Shipped) => textOf(one, lockfile);
  return new Map([
    ['quarterturn.cdx.json', text(quarterturn)],
    ['quarterturn-client.cdx.json', text(client)],
    ...[...bundles].map(([room, one]): [string, string] => [
      `functions/${room}.cdx.json`,
      text(one),
    ]),
  ]);
}
