/** docs/cli.md names what there is, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { exitCodes } from '../../cli/command.ts';
import { registerSandbox } from '../../cli/commands/sandbox.ts';
import { commands } from '../../cli/commands.ts';
import {
  emergenciesDocumentSchema,
  emergencyDocumentSchema,
} from '../../domain/reports/emergency-document.ts';
import {
  reencryptionReportSchema,
  reencryptionStates,
} from '../../domain/reports/reencryption-report.ts';
import { releaseReportSchema } from '../../domain/reports/release-report.ts';
import { rollbackReportSchema } from '../../domain/reports/rollback-report.ts';
import { rotationReportSchema } from '../../domain/reports/rotation-report.ts';
import { rotationsReportSchema } from '../../domain/reports/rotations-report.ts';
import {
  secretStates,
  secretStatusSchema,
  statusReportSchema,
  versionStatusSchema,
} from '../../domain/reports/status-report.ts';

const root = join(import.meta.dirname, '..', '..');
const document = readFileSync(join(root, 'docs/cli.md'), 'utf8');

const program = new Command('quarterturn');
for (const register of [...commands, registerSandbox]) register(program, () => async () => {});

describe('docs/cli.md', () => {
  test('names every command and every option, and no other option', () => {
    const all = program.commands.flatMap((command) => [command, ...command.commands]);
    for (const command of all) {
      expect(document).toContain(`${command.name()}`);
    }
    const options = all.flatMap((command) => command.options);
    // Of the command line itself (`cli/main.ts`).
    const known = new Set([...options.map(({ long }) => long), '--version']);
    const named = new Set(document.match(/(?<=[\s`(])--[a-z][a-z-]+/g));
    expect([...named].sort()).toEqual([...known].sort());
  });

  test('names every state, every member of the JSON documents, and every exit code', () => {
    const members = [
      ...secretStates,
      ...Object.keys(statusReportSchema.shape),
      ...Object.keys(secretStatusSchema.shape),
      ...Object.keys(versionStatusSchema.shape),
      ...Object.keys(rotationReportSchema.shape),
      ...rotationReportSchema.shape.outcome.options,
      ...Object.keys(rotationsReportSchema.shape),
      ...Object.keys(rollbackReportSchema.shape),
      ...Object.keys(releaseReportSchema.shape),
      ...releaseReportSchema.shape.outcome.options,
      ...reencryptionStates,
      ...Object.keys(reencryptionReportSchema.shape),
      ...reencryptionReportSchema.shape.outcome.options,
      ...Object.keys(emergencyDocumentSchema.shape),
      ...emergencyDocumentSchema.shape.outcome.options,
      ...Object.keys(emergenciesDocumentSchema.shape),
    ];
    for (const member of members) {
      expect(document).toMatch(new RegExp(`["\`]${member}["\`]`));
    }
    for (const code of Object.values(exitCodes)) {
      expect(document).toContain(`| ${code} |`);
    }
  });
});

test('every file of cli/commands/ is registered', () => {
  const names = readdirSync(join(root, 'cli/commands')).map((file) => file.replace(/\.ts$/, ''));
  expect(program.commands.map((command) => command.name()).sort()).toEqual(names.sort());
});
