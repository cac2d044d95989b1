/**
 * A bill of materials in CycloneDX 1.5, without a serial number and a time, both optional: the same contents are the
 * same bytes. It names packages by purl, and no registry.
 * @see https://cyclonedx.org/docs/1.5/json/
 */
import { type Locked, type Lockfile, needs } from './lockfile.ts';

export interface Artefact {
  name: string;
  version: string;
  license: string;
  description: string;
  type: 'library' | 'application';
}

export function bomOf(artefact: Artefact, contents: readonly Locked[], lockfile: Lockfile): object {
  const unique = new Map(contents.map((one) => [referenceOf(one), one]));
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1));
  const own = `${artefact.name}@${artefact.version}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: artefact.type,
        'bom-ref': own,
        name: artefact.name,
        version: artefact.version,
        description: artefact.description,
        licenses: licensesOf(artefact.license),
        ...(artefact.type === 'library' && { purl: purlOf(artefact) }),
      },
    },
    components: sorted.map(([reference, one]) => ({
      type: 'library',
      'bom-ref': reference,
      name: one.name,
      version: one.version,
      purl: purlOf(one),
      ...(one.license && { licenses: licensesOf(one.license) }),
      ...(one.integrity && { hashes: [hashOf(one.integrity)] }),
    })),
    dependencies: sorted.map(([reference, one]) => ({
      ref: reference,
      dependsOn: needs(one)
        .map((name) => lockfile.resolve(name, one.path))
        .filter((it) => it !== undefined && unique.has(referenceOf(it)))
        .map((it) => referenceOf(it as Locked))
        .filter((it, index, all) => all.indexOf(it) === index)
        .sort(),
    })),
  };
}

const referenceOf = ({ name, version }: Locked): string => `${name}@${version}`;

const purlOf = ({ name, version }: { name: string; version: string }): string =>
  `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** One id of SPDX, or an expression of several. */
const licensesOf = (license: string): object[] =>
  / /.test(license) ? [{ expression: license }] : [{ license: { id: license } }];

/** `sha512-<base64>`, as lockfiles say it, in hexadecimal. */
function hashOf(integrity: string): object {
  const [algorithm = '', base64 = ''] = integrity.split(' ')[0]?.split(/-(.*)/s) ?? [];
  return {
    alg: algorithm.toUpperCase().replace(/^SHA(\d)/, 'SHA-$1'),
    content: Buffer.from(base64, 'base64').toString('hex'),
  };
}
