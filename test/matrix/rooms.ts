/** The rooms of the matrix: how to start one, and what must hold whatever happened. */
import type { RotationWorld } from '../in-process/rotation-world.ts';

export type Scenario = 'firstValue' | 'planned' | 'activate' | 'rollback' | 'emergency';

export interface MatrixRoom {
  name: string;
  scenarios: readonly Scenario[];
  /** The scenarios of `npm test`, where others pass the calls another room has met already. */
  shortScenarios?: readonly Scenario[];
  /** A world whose secret is still uninitialised. */
  start(): Promise<RotationWorld<unknown>>;
  /** In `npm test`: one of so many sites, drawn by the seed. */
  shortShare?: number;
  /** Brings the world to where the scenario's rotation may start. */
  prepare(world: RotationWorld<unknown>, scenario: Scenario): Promise<void>;
  /** What is true of the target before, for comparison afterwards. */
  observe(world: RotationWorld<unknown>): Promise<unknown>;
  /** Fails when the promoted value does not work, or something alive before does not live any more. */
  verify(world: RotationWorld<unknown>, scenario: Scenario, before: unknown): Promise<void>;
  /** The scenario may follow itself on one world: preparing once is enough. */
  repeatable?: boolean;
}
