import type { Stage } from '../stage.ts';
import type { Report } from '../terminal/scene.ts';

/** One thing the demo shows. A chapter needs the first values, and no other chapter. */
export interface Chapter {
  /** What `npm start -- <id>` calls it. */
  id: string;
  title: string;
  run(stage: Stage, report: Report): Promise<void>;
}
