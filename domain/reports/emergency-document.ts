/**
 * What `quarterturn emergency --json` and `quarterturn drill --json` print: how far one emergency has come, as its
 * records say. Names, ids and facts, no value. The report of the incident itself is a document of its own
 * (`domain/events/incident-report.ts`).
 */
import * as z from 'zod';
import {
  drilledRecordSchema,
  emergencyIdSchema,
  emergencyRecordSchema,
  emergencySecretRecordSchema,
  stageRecordSchema,
} from '../events/emergency.ts';
import { heading } from './heading.ts';
import { problemSchema } from './rotation-report.ts';

export const emergencyDocumentSchema = z.object({
  report: z.literal('quarterturn-emergency'),
  ...heading,
  /** Absent: nothing was begun. */
  id: emergencyIdSchema.optional(),
  outcome: z.enum([
    /** Every stage is done, or had nothing to do. */
    'closed',
    /** A stage failed, or the execution ended before the last one. */
    'incomplete',
    /** A drill found nothing that stands in the way of a real one. */
    'passed',
    /** A drill found something. */
    'findings',
    /** `--no-wait`: the machine has it. */
    'started',
    /** `--lift`: suspects may read again. */
    'lifted',
    /** Before anything was changed. */
    'refused',
    /** Ctrl-C: it goes on by itself. */
    'interrupted',
  ]),
  problem: problemSchema.optional(),
  /** What was begun, and how it stands. Absent: its first task has not recorded it yet. */
  emergency: emergencyRecordSchema.optional(),
  /** Those that have begun, in their order. */
  stages: z.array(stageRecordSchema),
  /** The exposed ones first. */
  secrets: z.array(emergencySecretRecordSchema),
  /** Of a drill: what it found, and how long a real one is expected to take. */
  drilled: drilledRecordSchema.optional(),
  /** What to run next. */
  next: z.string().optional(),
});
export type EmergencyDocument = z.infer<typeof emergencyDocumentSchema>;

/** What `quarterturn emergency --list --json` prints. */
export const emergenciesDocumentSchema = z.object({
  report: z.literal('quarterturn-emergencies'),
  ...heading,
  /** Newest first, drills among them. */
  emergencies: z.array(emergencyRecordSchema),
  drilled: drilledRecordSchema.optional(),
});
export type EmergenciesDocument = z.infer<typeof emergenciesDocumentSchema>;
