import { optionalText, text } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';

export const parameter: ResourceType = {
  properties: ['Name', 'Type', 'Value', 'Description', 'Tier', 'Tags', 'AllowedPattern'],
  create(declared, { ssm }) {
    const type = text(declared, 'Type');
    const value = text(declared, 'Value');
    const generated = `CFN-${declared.generatedName(64)}`;
    const tier = optionalText(declared, 'Tier');
    const asked = optionalText(declared, 'Name') ?? generated;
    const { name } = ssm.createParameter(asked, type, value, tier);
    return { ref: name, attributes: { Type: type, Value: value } };
  },
  replacement: ['Name'],
  update({ ref }, declared, { ssm }) {
    const tier = optionalText(declared, 'Tier');
    ssm.changeParameter(ref, text(declared, 'Type'), text(declared, 'Value'), tier);
  },
  delete({ ref }, { ssm }) {
    ssm.removeParameter(ref);
  },
};
