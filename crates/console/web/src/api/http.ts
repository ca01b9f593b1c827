/** One place that fetches: JSON in and out, errors as sentences. */

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** What the engines write into an error: Prometheus `error`, Grafana `message`, Loki and Tempo plain text. */
function describe(status: number, text: string): string {
  try {
    const body = JSON.parse(text) as { error?: string; message?: string; detail?: string } | string;
    if (typeof body === 'string') return body;
    return body.error ?? body.detail ?? body.message ?? text;
  } catch {
    return text.trim() || `HTTP ${status}`;
  }
}

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('the console does not answer', 0);
  }
  const text = await response.text();
  if (!response.ok) throw new ApiError(describe(response.status, text), response.status);
  if (text === '') return undefined as T;
  return JSON.parse(text) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>(path, signal ? { signal } : {});

/** A form, which the engines take as well as a query and which has no limit of length. */
export function postForm<T>(path: string, form: Record<string, string>, signal?: AbortSignal): Promise<T> {
  return request<T>(path, { method: 'POST', body: new URLSearchParams(form), ...(signal ? { signal } : {}) });
}

export function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return request<T>(path, { method, ...json });
}

export const proxied = (uid: string, path: string): string =>
  `/api/datasources/proxy/uid/${encodeURIComponent(uid)}${path}`;

export const query = (params: Record<string, string | number | undefined>): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) search.set(key, String(value));
  return search.toString();
};
