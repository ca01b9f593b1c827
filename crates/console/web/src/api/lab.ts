/** Grafana's own paths, Alertmanager's, and the lab's. */

import type { Dashboard, Datasource } from '../model/dashboard';
import { get, proxied, send } from './http';

export interface SearchHit { uid: string; title: string; url: string; tags: string[]; folderTitle?: string }

export const datasources = (): Promise<Datasource[]> => get('/api/datasources');
export const dashboards = (): Promise<SearchHit[]> => get('/api/search?type=dash-db');
export const dashboard = (uid: string): Promise<{ dashboard: Dashboard; meta: { folderTitle: string; url: string } }> =>
  get(`/api/dashboards/uid/${encodeURIComponent(uid)}`);

export interface Alert {
  fingerprint: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: { state: string; silencedBy: string[]; inhibitedBy: string[] };
}

export const alerts = (uid: string): Promise<Alert[]> => get(proxied(uid, '/api/v2/alerts'));

export interface SilenceMatcher { name: string; value: string; isRegex: boolean; isEqual: boolean }
export interface Silence {
  id: string;
  matchers: SilenceMatcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
  status: { state: 'active' | 'pending' | 'expired' };
}

export const silences = (uid: string): Promise<Silence[]> => get(proxied(uid, '/api/v2/silences'));
export const createSilence = (uid: string, silence: Omit<Silence, 'id' | 'status'>): Promise<{ silenceID: string }> =>
  send('POST', proxied(uid, '/api/v2/silences'), silence);
export const expireSilence = (uid: string, id: string): Promise<void> =>
  send('DELETE', proxied(uid, `/api/v2/silence/${encodeURIComponent(id)}`));

export interface Notification {
  receivedAt: string;
  path: string;
  body: {
    status?: string;
    receiver?: string;
    alerts?: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
  };
}

export const notifications = (): Promise<Notification[]> => get('/api/lab/notifications');

export interface Service { name: string; state: string; pid: number | null; restarts: number; url: string }
export const services = (): Promise<Service[]> => get('/api/lab/services');
export const act = (service: string, action: 'start' | 'stop' | 'kill' | 'restart'): Promise<void> =>
  send('POST', `/api/lab/services/${encodeURIComponent(service)}/actions/${action}`);

export interface Chaos {
  error_rate: number;
  latency_ms: number;
  jitter_ms: number;
  routes: string[];
  ttl_seconds: number;
}

const chaosPath = (service: string) => `/api/lab/services/${encodeURIComponent(service)}/chaos`;
export const chaos = (service: string): Promise<Chaos> => get(chaosPath(service));
export const setChaos = (service: string, change: Partial<Chaos>): Promise<Chaos> => send('PATCH', chaosPath(service), change);
export const resetChaos = (service: string): Promise<Chaos> => send('DELETE', chaosPath(service));
