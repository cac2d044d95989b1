/**
 * A dashboard. It is looked at in a console, which the sandbox does not have; its body is checked as PutDashboard
 * checks it: anything CloudWatch would refuse, or leave out of the page, stops the load.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
import { SandboxLoadError } from '../load-error.ts';
import { optionalText, text } from '../properties.ts';
import type { Declared, ResourceType } from '../resource-type.ts';

export const dashboard: ResourceType = {
  properties: ['DashboardBody', 'DashboardName', 'Tags'],
  create(declared) {
    checkBody(declared);
    const name = optionalText(declared, 'DashboardName') ?? declared.generatedName(255);
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) {
      throw new SandboxLoadError(
        `${declared.logicalId}: DashboardName is "${name}", expected letters, digits, "-" and "_".`,
      );
    }
    return { ref: name };
  },
  replacement: ['DashboardName'],
  update(_, declared) {
    checkBody(declared);
  },
  delete() {
    // Nothing else knows of it.
  },
};

const widgetTypes = ['metric', 'text', 'log', 'alarm', 'explorer', 'custom'];
/** "CloudWatch service quotas" */
const most = { widgets: 500, metricsOfAWidget: 500, metrics: 2500 };

interface Widget {
  type?: unknown;
  x?: unknown;
  width?: unknown;
  properties?: { metrics?: unknown[]; markdown?: unknown; region?: unknown };
}

function checkBody(declared: Declared): void {
  const fail = (found: string): never => {
    throw new SandboxLoadError(`${declared.logicalId}: DashboardBody ${found}.`);
  };
  let body: { widgets?: Widget[] } = {};
  try {
    body = JSON.parse(text(declared, 'DashboardBody'));
  } catch {
    fail('is not JSON');
  }
  const widgets = Array.isArray(body.widgets) ? body.widgets : fail('has no list of widgets');
  let metrics = 0;
  for (const [index, { type, x, width, properties }] of widgets.entries()) {
    const where = `widgets[${index}]`;
    if (!widgetTypes.includes(String(type))) {
      fail(`has ${where} of type ${type}, expected ${widgetTypes.join(', ')}`);
    }
    if (Number(x ?? 0) + Number(width ?? 6) > 24) {
      fail(`has ${where} beyond its 24 columns`);
    }
    if (type === 'text' && typeof properties?.markdown !== 'string') {
      fail(`has no markdown in ${where}`);
    }
    if (type !== 'metric') {
      continue;
    }
    const shown = properties?.metrics?.length ?? 0;
    metrics += shown;
    if (shown === 0 || shown > most.metricsOfAWidget || typeof properties?.region !== 'string') {
      fail(`has ${shown} metrics in ${where}, expected 1 to ${most.metricsOfAWidget} and a region`);
    }
  }
  if (widgets.length > most.widgets || metrics > most.metrics) {
    fail(
      `has ${widgets.length} widgets with ${metrics} metrics, expected ${most.widgets} and ${most.metrics} at most`,
    );
  }
}
