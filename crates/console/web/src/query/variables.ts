/** The values that a template variable can take. */

import * as prometheus from '../api/prometheus';
import type { Datasource, Variable } from '../model/dashboard';
import { interpolate, type Scope, type VariableValue, type Variables } from '../model/interpolate';

export const ALL = '$__all';

const LABEL_VALUES = /^label_values\((?:(.+),\s*)?([a-zA-Z_][\w]*)\)$/;
const LABEL_NAMES = /^label_names\(\)$/;
const QUERY_RESULT = /^query_result\((.+)\)$/;

async function ask(variable: Variable, uid: string, scope: Scope): Promise<string[]> {
  const raw = typeof variable.query === 'string' ? variable.query : (variable.query?.query ?? variable.definition ?? '');
  const text = interpolate(raw, scope);
  const values = LABEL_VALUES.exec(text);
  if (values) return prometheus.labelValues(uid, values[2] ?? '', values[1]?.trim(), scope.range);
  if (LABEL_NAMES.test(text)) return prometheus.labelNames(uid, undefined, scope.range);
  const result = QUERY_RESULT.exec(text);
  if (result) {
    const data = await prometheus.instant(uid, result[1] ?? '', scope.range.to);
    if (data.resultType !== 'vector') return [];
    return data.result.map(({ metric, value }) => `${JSON.stringify(metric)} ${value[1]}`);
  }
  throw new Error(`variable ${variable.name}: the query "${raw}" is not supported`);
}

function filtered(values: string[], regex: string): string[] {
  const match = /^\/(.*)\/(\w*)$/.exec(regex);
  const body = match ? new RegExp(match[1] ?? '', match[2]) : new RegExp(regex);
  return values.flatMap((value) => {
    const found = body.exec(value);
    return found ? [found[1] ?? found[0]] : [];
  });
}

/** All values of a variable, without "All". */
export async function valuesOf(variable: Variable, datasources: Datasource[], scope: Scope): Promise<string[]> {
  switch (variable.type) {
    case 'query': {
      const uid = interpolate(variable.datasource?.uid ?? '', scope, 'raw');
      const source = datasources.find((one) => one.uid === uid) ?? datasources.find((one) => one.isDefault);
      if (!source) return [];
      let values = await ask(variable, source.uid, scope);
      if (variable.regex) values = filtered(values, variable.regex);
      values = [...new Set(values)];
      if (variable.sort) values.sort((a, b) => a.localeCompare(b, undefined, { numeric: (variable.sort ?? 0) >= 3 }));
      if (variable.sort && variable.sort % 2 === 0) values.reverse();
      return values;
    }
    case 'custom':
    case 'interval':
    case 'constant':
      return String(typeof variable.query === 'string' ? variable.query : '')
        .split(',')
        .map((value) => value.trim())
        .filter((value) => value !== '' && value !== 'auto');
    case 'datasource':
      return datasources.filter((one) => one.type === variable.query).map((one) => one.uid);
    case 'textbox':
      return [String(variable.query ?? '')];
    default:
      throw new Error(`variable ${variable.name}: type ${variable.type} is not supported`);
  }
}

/** What is chosen at first: what the URL says, else what the file says. */
export function initial(variable: Variable, fromUrl: string[]): VariableValue {
  const saved = variable.current?.value;
  if (fromUrl.length > 0) return variable.multi ? fromUrl : (fromUrl[0] ?? '');
  if (saved !== undefined && saved !== '') return saved;
  return variable.multi ? [] : '';
}

/** What a query sees: "All" is the allValue as it is written, or every value there is. */
export function effective(variable: Variable, chosen: VariableValue, values: string[]): VariableValue {
  const list = Array.isArray(chosen) ? chosen : [chosen];
  if (list.includes(ALL)) return variable.allValue ?? values;
  if (list.length === 0 || (list.length === 1 && list[0] === '')) return values[0] ?? '';
  return chosen;
}

export interface Loaded {
  variable: Variable;
  values: string[];
  chosen: VariableValue;
  error?: string;
}

/** Loads all variables in their order: a later one may use the earlier ones. */
export async function loadVariables(
  list: Variable[],
  chosen: (variable: Variable) => VariableValue,
  datasources: Datasource[],
  scope: Scope,
): Promise<{ loaded: Loaded[]; variables: Variables }> {
  const loaded: Loaded[] = [];
  const variables: Variables = {};
  for (const variable of list) {
    const value = chosen(variable);
    try {
      const values = await valuesOf(variable, datasources, { ...scope, variables });
      variables[variable.name] = effective(variable, value, values);
      loaded.push({ variable, values, chosen: value });
    } catch (error) {
      variables[variable.name] = effective(variable, value, []);
      loaded.push({ variable, values: [], chosen: value, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return { loaded, variables };
}
