import { targets } from '../api/prometheus';
import type { Datasource } from '../model/dashboard';
import { formatTime } from '../model/time';
import { formatValue } from '../model/units';
import { useLoad, useTick } from '../state/load';

/** What is scraped, and how that went last. */
export function TargetsPage({ datasources }: { datasources: Datasource[] }) {
  const source = datasources.find((one) => one.type === 'prometheus');
  const tick = useTick(5000);
  const { data, error } = useLoad(() => (source ? targets(source.uid) : Promise.resolve([])), [tick]);
  return (
    <main class="page">
      <h1>Targets</h1>
      {error && <div class="empty bad" role="alert">{error}</div>}
      <div class="table-scroll">
        <table class="data">
          <thead><tr><th>Job</th><th>Endpoint</th><th>State</th><th>Labels</th><th>Last scrape</th><th class="number">Took</th><th>Error</th></tr></thead>
          <tbody>
            {(data ?? []).map((target) => (
              <tr key={target.scrapeUrl + target.scrapePool}>
                <td>{target.scrapePool}</td>
                <td><code>{target.scrapeUrl}</code></td>
                <td><span class={`badge ${target.health}`}>{target.health}</span></td>
                <td>{Object.entries(target.labels).map(([key, value]) => <span class="badge" key={key}>{key}={value}</span>)}</td>
                <td>{target.lastScrape.startsWith('0001') ? 'never' : formatTime(Date.parse(target.lastScrape))}</td>
                <td class="number">{formatValue(target.lastScrapeDuration, 's')}</td>
                <td class="bad">{target.lastError}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </main>
  );
}
