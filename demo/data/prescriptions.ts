/** Prescriptions, as many as one asks for: each is the same on every machine, and known by its id alone. */
import type { Prescription, ReleaseWindow } from './data-set.ts';
import { SeededSequence } from './seeded-sequence.ts';

/** @param patients how many there are; their ids begin at 1 */
export function prescription(id: number, patients: number, window: ReleaseWindow): Prescription {
  // Spread over all seeds: neighbours would otherwise begin alike.
  const sequence = new SeededSequence(Math.imul(id, 0x9e3779b1));
  return {
    id,
    patientId: sequence.between(1, patients),
    medication: `${sequence.pick(medications)} ${sequence.pick(strengths)} mg`,
    dosage: `${sequence.between(1, 3)} ${sequence.pick(forms)} ${sequence.pick(times)}, ${sequence.between(5, 90)} days`,
    note: `${sequence.pick(notes)}; asked by usr-${String(sequence.between(1, 60)).padStart(4, '0')}`,
    prescribedAt: sequence.instantWithin(window),
  };
}

/** Nobody makes these. */
const medications = ['Mockadol', 'Placebril', 'Fixturin', 'Samplozole', 'Trialamine'] as const;
const strengths = ['2.5', '5', '10', '20', '40', '100'] as const;
const forms = ['tablet', 'capsule', 'drop', 'spoon'] as const;
const times = ['in the morning', 'at night', 'with meals', 'every 8 hours', 'as needed'] as const;
const notes = [
  'no known allergies',
  'penicillin allergy on record',
  'renal function checked, dose halved',
  'interaction with an older prescription discussed',
  'prefers the generic',
  'to be reviewed at the next visit',
] as const;
