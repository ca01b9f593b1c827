import { dashboards } from '../api/lab';
import { useLoad } from '../state/load';

/** The list of dashboards. */
export function DashboardsPage() {
  const { data, error } = useLoad(() => dashboards(), []);
  return (
    <main class="page">
      <h1>Dashboards</h1>
      {error && <div class="empty bad" role="alert">{error}</div>}
      <ul class="cards">
        {(data ?? []).map((hit) => (
          <li key={hit.uid}>
            <a href={hit.url}><b>{hit.title}</b><span class="muted">{hit.folderTitle}</span></a>
            <div>{hit.tags.map((tag) => <span class="badge" key={tag}>{tag}</span>)}</div>
          </li>
        ))}
      </ul>
    </main>
  );
}
