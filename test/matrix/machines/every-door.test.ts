/**
 * No call of a door is left out of the matrix: the methods of each room's doors are read from its types, by the
 * compiler, and the places that the matrix is known to meet from the lists that it keeps (sites/). A method that no
 * code of the room calls is dead, and goes, or stands below with why it stays.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { withoutFaults } from './faulty-doors.ts';

const root = join(import.meta.dirname, '../../..');

/** Where each room says what it needs of the outside world. */
const rooms: Readonly<Record<string, readonly [file: string, interfaceName: string]>> = {
  'access-audit': ['doors.ts', 'AccessAuditDoors'],
  'after-rotation': ['doors.ts', 'AfterRotationDoors'],
  cadence: ['doors.ts', 'CadenceDoors'],
  certificates: ['doors.ts', 'CertificatesDoors'],
  drill: ['drill.ts', 'DrillDoors'],
  emergency: ['doors.ts', 'EmergencyDoors'],
  fingerprints: ['doors.ts', 'FingerprintsDoors'],
  github: ['receive.ts', 'GitHubDoors'],
  health: ['look.ts', 'HealthTools'],
  notify: ['notify.ts', 'NotifyDoors'],
  operator: ['tools.ts', 'OperatorTools'],
  reencryption: ['doors.ts', 'ReencryptionDoors'],
  rollout: ['doors.ts', 'RolloutDoors'],
  starter: ['start.ts', 'StarterDoors'],
  sync: ['doors.ts', 'SyncDoors'],
  triggers: ['doors.ts', 'TriggerDoors'],
  watch: ['doors.ts', 'WatchDoors'],
};
/** Their handlers are the rotation's: test/matrix/rooms. */
const ofTheRotation = new Set(['database', 'encryption', 'jwt', 'rotation', 'user-managed']);

/** Methods that no place of the matrix meets, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'operator: authorities': 'a file beside the bundle',
  'access-audit: trail.stop':
    'only after ten minutes without an answer, and its own failure is left alone (Promise.allSettled)',
  'cadence: controlTable.getIntent':
    'asked only when the announced hours of two secrets have come at once: test/lambdas/cadence/tick.test.ts',
  // Whoever asks for a rotation hands in the same records (doors/ask-for-rotation.ts); an inbox is of a secret without
  // rows, and the starter's deployment made it.
  'starter: controlTable.getReencryption': 'places of cadence and triggers, by the same code',
  'starter: controlTable.getAdoption': 'places of cadence and triggers, by the same code',
  'health: doorOf': 'opens a door whose only call is a place: http.ask',
  'after-rotation: controlTable.getReencryption':
    'asked by stopConsumers, a task of the re-encryption machine: test/lambdas/reencryption/tasks',
};

const options: ts.CompilerOptions = {
  allowImportingTsExtensions: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true,
  strict: true,
  lib: ['lib.es2022.d.ts'],
  target: ts.ScriptTarget.ES2024,
  types: [],
};
const host = ts.createCompilerHost(options);
// Types of packages say nothing of how many methods a door of ours has, and are most of what there is to read.
host.resolveModuleNameLiterals = (literals, containingFile) =>
  literals.map(({ text }) =>
    text.startsWith('.')
      ? ts.resolveModuleName(text, containingFile, options, host)
      : { resolvedModule: undefined },
  );
const program = ts.createProgram(
  Object.entries(rooms).map(([room, [file]]) => join(root, 'lambdas', room, file)),
  options,
  host,
);
const checker = program.getTypeChecker();

/** `controlTable.getRotation`; of a door that is a function: `manifest`, and what it answers with when that is one. */
function methodsOf(room: string): string[] {
  const [file, interfaceName] = rooms[room] ?? ['', ''];
  const source = program.getSourceFile(join(root, 'lambdas', room, file));
  const found = source?.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === interfaceName,
  );
  if (found === undefined) throw new Error(`${room}/${file} has no ${interfaceName}`);
  const type = checker.getTypeAtLocation(found);
  return type.getProperties().flatMap((door) => {
    if (withoutFaults.has(door.name)) return [];
    const of = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(door, found));
    const isObject = of.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
    if (!isObject || checker.isArrayLikeType(of)) return [];
    // Of this process: bytes of randomness, a pause.
    if (/^(RandomBytes|Sleep)$/.test(of.aliasSymbol?.name ?? '')) return [];
    const [signature] = of.getCallSignatures();
    const answered = signature && checker.getNonNullableType(signature.getReturnType());
    const isOpened = answered !== undefined && hasMethods(answered, found);
    if (signature !== undefined && !isOpened) return [door.name];
    const opened = isOpened ? answered : of;
    return opened
      .getProperties()
      .filter((member) => isMethod(member, found))
      .map((member) => `${door.name}.${member.name}`);
  });
}

const isMethod = (member: ts.Symbol, at: ts.Node): boolean =>
  checker.getTypeOfSymbolAtLocation(member, at).getCallSignatures().length > 0;

/** A door that is opened by a name: `emergencyRecords(deployment)`. A promise is none. */
const hasMethods = (type: ts.Type, at: ts.Node): boolean =>
  type.symbol?.name !== 'Promise' &&
  type.isClassOrInterface() === false &&
  type.getProperties().some((member) => isMethod(member, at)) &&
  !(type.flags & ts.TypeFlags.StringLike);

const met = (room: string): Set<string> => {
  const list = join(import.meta.dirname, 'sites', `${room}.json`);
  const sites: string[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  return new Set(sites.map((site) => site.slice(site.lastIndexOf('/') + 1)));
};

test('every room has its doors here, or is a rotation', () => {
  const all = readdirSync(join(root, 'lambdas'));
  expect(all.filter((room) => !ofTheRotation.has(room)).sort()).toEqual(Object.keys(rooms).sort());
});

test.each(Object.keys(rooms))('every call that %s may make is a place of the matrix', (room) => {
  const methods = methodsOf(room);
  expect(methods.length).toBeGreaterThan(0);
  const known = met(room);
  const left = methods.filter(
    (method) => !known.has(method) && elsewhere[`${room}: ${method}`] === undefined,
  );
  expect(left).toEqual([]);
});

test('nothing is said to be elsewhere that the matrix meets, or that no room has', () => {
  const stale = Object.keys(elsewhere).filter((key) => {
    const [room = '', method = ''] = key.split(': ');
    return !methodsOf(room).includes(method) || met(room).has(method);
  });
  expect(stale).toEqual([]);
});
