/** UpdateTable and DeleteTable: what is kept of a table, and deletion protection. */
import { type Operation, ServiceException } from '../service.ts';
import { nameOf } from './access.ts';
import { isKept, type Table } from './table.ts';

export interface Tables {
  arnOf(name: string): string;
  /** @throws ResourceNotFoundException */
  find(name: string): Table;
  describe(name: string): Promise<Record<string, unknown>>;
  remove(name: string): Promise<void>;
}

export function tableOperations(tables: Tables): Record<'UpdateTable' | 'DeleteTable', Operation> {
  const on = (action: string) => (input: Record<string, unknown>) => [
    { action, resource: tables.arnOf(nameOf(input.TableName)) },
  ];
  return {
    UpdateTable: {
      authorize: on('dynamodb:UpdateTable'),
      run: async ({ TableName, ...change }) => {
        const table = tables.find(nameOf(TableName));
        const unknown = Object.keys(change).filter((member) => !isKept(member));
        if (unknown.length > 0) {
          throw new ServiceException(
            'ValidationException',
            `The sandbox does not model ${unknown.join(', ')} of UpdateTable`,
          );
        }
        table.kept = { ...table.kept, ...change };
        return { TableDescription: await tables.describe(table.name) };
      },
    },
    DeleteTable: {
      authorize: on('dynamodb:DeleteTable'),
      run: async ({ TableName }) => {
        const { name, kept } = tables.find(nameOf(TableName));
        if (String(kept.DeletionProtectionEnabled ?? false) === 'true') {
          // API_DeleteTable: "If deletion protection is enabled … the table can't be deleted".
          throw new ServiceException(
            'ValidationException',
            'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
          );
        }
        const TableDescription = await tables.describe(name);
        await tables.remove(name);
        return { TableDescription: { ...TableDescription, TableStatus: 'DELETING' } };
      },
    },
  };
}
