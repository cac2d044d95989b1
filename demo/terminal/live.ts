import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import { progressBar } from './progress-bar.ts';
import type { Scene, Show } from './scene.ts';
import type { ValueGuard } from './value-guard.ts';

/** listr2 asks process.stdout whether it is a terminal; here the stream that is written to was asked. */
class RendererOfAnyStream extends DefaultRenderer {
  static override nonTTY = true;
}

/** Progress as it happens; what was changed and proven stays below each title. */
export function liveShow(guard: ValueGuard, stream: NodeJS.WriteStream): Show {
  const asTask = ({ title, play }: Scene): ListrTask => ({
    title: guard.mask(title),
    async task(_, task) {
      const lines: string[] = [];
      const keep = (text: string) => {
        lines.push(guard.mask(text));
        task.output = lines.join('\n');
      };
      try {
        await play({
          doing: (text) => {
            task.output = [...lines, `… ${guard.mask(text)}`].join('\n');
          },
          progress: (progress) => {
            task.output = [...lines, guard.mask(progressBar(progress))].join('\n');
          },
          changed: (text) => keep(`· ${text}`),
          proof: (text) => keep(`✓ ${text}`),
        });
        task.output = lines.join('\n');
      } catch (error) {
        throw new Error(guard.mask(error instanceof Error ? error.message : String(error)), {
          cause: error,
        });
      }
    },
    rendererOptions: { persistentOutput: true, outputBar: true },
  });

  return {
    async play(scenes) {
      await new Listr(scenes.map(asTask), {
        renderer: RendererOfAnyStream,
        exitOnError: true,
        // Ours closes servers and removes files first; listr2's would exit on the spot.
        registerSignalListeners: false,
        rendererOptions: {
          collapseErrors: false,
          logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
        },
      }).run();
    },
  };
}
