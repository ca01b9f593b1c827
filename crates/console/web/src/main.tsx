/** The frame around the pages. Start reading here; each page is a file in pages/. */

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { datasources as loadDatasources } from './api/lab';
import { AlertingPage } from './pages/alerting';
import { DashboardPage } from './pages/dashboard';
import { DashboardsPage } from './pages/dashboards';
import { ExplorePage } from './pages/explore';
import { ServicesPage } from './pages/services';
import { TargetsPage } from './pages/targets';
import { useLoad } from './state/load';
import { interceptLinks, navigate, setParams, useLocation } from './state/router';
import { applyTheme, chooseTheme, theme } from './state/theme';
import type { Datasource } from './model/dashboard';
import './style.css';

const HOME = '/d/golden-signals/golden-signals-overview';

function page(path: string, datasources: Datasource[]) {
  const [, first = '', second = ''] = path.split('/');
  switch (first) {
    case 'd':
      return <DashboardPage uid={decodeURIComponent(second)} datasources={datasources} />;
    case 'dashboards':
      return <DashboardsPage />;
    case 'explore':
      return <ExplorePage datasources={datasources} />;
    case 'alerting':
      return <AlertingPage datasources={datasources} view={second === '' ? 'list' : second} />;
    case 'targets':
      return <TargetsPage datasources={datasources} />;
    case 'services':
      return <ServicesPage />;
    default:
      return <main class="page"><h1>Not found</h1><p>There is no page <code>{path}</code>. <a href="/dashboards">Dashboards</a></p></main>;
  }
}

const LINKS: [string, string, string][] = [
  [HOME, 'Golden signals', '◉'],
  ['/dashboards', 'Dashboards', '▦'],
  ['/explore', 'Explore', '⌕'],
  ['/alerting/list', 'Alerting', '♪'],
  ['/targets', 'Targets', '◎'],
  ['/services', 'Services', '⚙'],
];

function App() {
  const { path, search } = useLocation();
  const [current, setCurrent] = useState(theme());
  const { data, error } = useLoad(() => loadDatasources(), []);
  useEffect(() => {
    if (path === '/') navigate(HOME, true);
  }, [path]);
  useEffect(() => applyTheme(current), [current]);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const typing = (event.target as Element | null)?.closest('input, textarea, select');
      if (event.key === 'Escape' && new URLSearchParams(window.location.search).has('kiosk')) setParams({ kiosk: null });
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'k') setParams({ kiosk: new URLSearchParams(window.location.search).has('kiosk') ? null : '1' });
    };
    window.addEventListener('keydown', keys);
    return () => window.removeEventListener('keydown', keys);
  }, []);
  const flip = () => {
    const next = current === 'dark' ? 'light' : 'dark';
    chooseTheme(next);
    setCurrent(next);
  };
  return (
    <div class="app" onClick={interceptLinks}>
      {!search.has('kiosk') && (
        <nav class="side" aria-label="Lab">
          <a class="brand" href={HOME}>Lab</a>
          {LINKS.map(([url, title, icon]) => {
            const here = path === url || (url.startsWith('/alerting') && path.startsWith('/alerting'));
            return <a key={url} href={url} aria-current={here ? 'page' : undefined}><span aria-hidden="true">{icon}</span> {title}</a>;
          })}
          <span class="grow" />
          <button onClick={flip}>{current === 'dark' ? '☀ Light' : '☾ Dark'}</button>
        </nav>
      )}
      {error && <main class="page"><div class="empty bad" role="alert">{error}</div></main>}
      {data && page(path, data)}
    </div>
  );
}

applyTheme(theme());
const root = document.getElementById('app');
if (root) render(<App />, root);
