import { progressInWords, shareOf } from './progress-bar.ts';
import type { Report, Scene, Show } from './scene.ts';
import type { ValueGuard } from './value-guard.ts';

/** One line a fact, nothing ever rewritten: for pipes, logs and screen readers. */
export function plainShow(guard: ValueGuard, write: (text: string) => void): Show {
  const line = (text: string) => write(`${guard.mask(text)}\n`);
  let quarter = 0;
  const report: Report = {
    doing(text) {
      quarter = 0;
      line(`    … ${text}`);
    },
    progress(progress) {
      const reached = Math.floor(shareOf(progress) * 4);
      if (reached > quarter) {
        line(`    … ${progressInWords(progress).trimStart()}`);
      }
      quarter = reached;
    },
    changed: (text) => line(`    · ${text}`),
    proof: (text) => line(`    ✓ ${text}`),
  };

  async function playScene({ title, play }: Scene): Promise<void> {
    line(`▸ ${title}`);
    try {
      await play(report);
    } catch (error) {
      line(`    ✗ ${title}: failed`);
      throw error;
    }
  }

  return {
    async play(scenes) {
      for (const scene of scenes) {
        await playScene(scene);
      }
    },
  };
}
