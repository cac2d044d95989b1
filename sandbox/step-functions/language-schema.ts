/**
 * Transitions, paths and types of a definition, by the library's schema of the language.
 *
 * asl-validator makes a new Ajv for every definition and has it compile the whole schema again: half a second
 * of a deployment. What it makes does not depend on the definition, so the first one is handed to it each time.
 */
import { createRequire } from 'node:module';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

interface AjvModule {
  default: new (options: object) => { addKeyword: unknown };
}

/** The library's own schema, for a handful of definitions: neither checked nor optimized, it compiles in half the time. */
const compiledOnce = { validateSchema: false, inlineRefs: false, code: { optimize: false } };

const ajv = ajvOfValidator();
let compiled: InstanceType<AjvModule['default']> | undefined;

/** @returns what is wrong with it */
export function schemaErrors(definition: unknown): string[] {
  const made = ajv?.default;
  if (ajv !== undefined && made !== undefined) {
    // Only for this call, which does not wait: Ajv may be somebody else's, too.
    ajv.default = function once(options: object) {
      if (compiled === undefined) compiled = new made({ ...options, ...compiledOnce });
      // It is told its keywords again; a keyword cannot be told twice.
      else compiled.addKeyword = () => compiled;
      return compiled;
    } as unknown as AjvModule['default'];
  }
  try {
    new StateMachine(definition as StateMachineDefinition, {
      validationOptions: { checkArn: false, checkPaths: true },
    });
    return [];
  } catch (error) {
    return [(error as Error).message];
  } finally {
    if (ajv !== undefined && made !== undefined) ajv.default = made;
  }
}

/** The validator's own copy; undefined when a version of the library has none, which is only slower. */
function ajvOfValidator(): AjvModule | undefined {
  try {
    const library = createRequire(
      createRequire(import.meta.url).resolve('aws-local-stepfunctions'),
    );
    return createRequire(library.resolve('asl-validator'))('ajv');
  } catch {
    return undefined;
  }
}
