/** In which order the resources are made: what is mentioned or depended on comes first. */
import { asList } from '../iam/wildcard.ts';
import type { TemplateResource } from './assembly.ts';
import { mentionedIn } from './intrinsics.ts';
import { SandboxLoadError } from './load-error.ts';

/** @throws SandboxLoadError naming the members of a circle */
export function inOrder(resources: Readonly<Record<string, TemplateResource>>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (logicalId: string): void => {
    const resource = resources[logicalId];
    if (resource === undefined || done.has(logicalId)) {
      return;
    }
    if (path.includes(logicalId)) {
      const circle = [...path.slice(path.indexOf(logicalId)), logicalId].join(' → ');
      throw new SandboxLoadError(`The resources depend on each other in a circle: ${circle}.`);
    }
    path.push(logicalId);
    for (const needed of [...asList(resource.DependsOn), ...mentionedIn(resource.Properties)]) {
      visit(needed);
    }
    path.pop();
    done.add(logicalId);
  };
  for (const logicalId of Object.keys(resources)) {
    visit(logicalId);
  }
  return [...done];
}
