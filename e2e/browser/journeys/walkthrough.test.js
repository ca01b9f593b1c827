// The walkthrough by mouse: chaos, the spike, its exemplar, the trace, its logs, back to the trace, the alert, reset.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONSOLE, eventually, open, shot, traffic } from '../lab.js';

let session;
let stop;

before(async () => {
  stop = traffic();
  session = await open();
});

after(async () => {
  await stop();
  await session.browser.close();
});

const panel = (title) => session.page.locator(`section.panel[aria-label="${title}"]`);

test('every panel of both dashboards is drawn without an error', async () => {
  const { page, problems } = session;
  for (const [uid, name] of [['golden-signals', 'Golden Signals Overview'], ['slo-error-budget', 'SLO & Error Budget']]) {
    await page.goto(`${CONSOLE}/d/${uid}`);
    await page.getByRole('heading', { name: new RegExp(name) }).waitFor();
    await eventually(`all panels of ${name} ready`, async () => {
      const states = await page.locator('section.panel').evaluateAll((list) => list.map((one) => one.dataset.state));
      assert.ok(!states.includes('error'), `a panel of ${name} shows an error: ${await page.locator('section.panel[data-state=error]').allTextContents()}`);
      return states.length > 5 && states.every((state) => state === 'ready');
    });
    await shot(page, uid);
  }
  assert.deepEqual(problems, []);
});

test('from the spike to its cause and back', async () => {
  const { page } = session;
  await page.goto(`${CONSOLE}/services`);
  const catalog = page.getByRole('region', { name: 'catalog' });
  await catalog.getByLabel('Errors').fill('0.5');
  await eventually('chaos in force', async () => (await catalog.textContent()).includes('50 %'));
  await shot(page, 'services');

  await page.getByRole('link', { name: 'Golden signals' }).click();
  await eventually('the error ratio rises', async () => /catalog[^%]*?[1-9][\d.]*%/.test(await panel('Error ratio').textContent()), 60);
  await eventually('exemplars are drawn', async () => (await page.locator('.exemplars summary').count()) > 0, 60);
  await shot(page, 'spike');

  await page.locator('.exemplars summary').first().click();
  await page.locator('.exemplars a').first().click();
  await page.locator('.waterfall').waitFor();
  assert.match(page.url(), /explore/);
  const spans = await page.locator('.span').count();
  assert.ok(spans >= 1, 'the trace has spans');
  await shot(page, 'trace');

  await page.locator('.span-title').first().click();
  await page.getByRole('link', { name: 'Logs for this span' }).click();
  await eventually('the logs of the span', async () => (await page.locator('.log').count()) > 0);
  await shot(page, 'logs');

  await page.locator('.log-line').first().click();
  await page.locator('.log-details a').first().click();
  await page.locator('.waterfall').waitFor();

  await page.goto(`${CONSOLE}/services`);
  await page.getByRole('region', { name: 'catalog' }).getByRole('button', { name: 'Reset chaos' }).click();
  await eventually('chaos is over', async () => (await page.getByRole('region', { name: 'catalog' }).textContent()).includes('0 %'));
});

test('an outage pages, is shown, is silenced, and what was sent can be read', async () => {
  const { page } = session;
  await page.goto(`${CONSOLE}/services`);
  const gateway = page.getByRole('region', { name: 'gateway' });
  await gateway.getByLabel('Errors').fill('0.5');
  await page.goto(`${CONSOLE}/alerting/groups`);
  await eventually('the page is shown', async () => (await page.locator('.alert.firing').count()) > 0, 60);
  await shot(page, 'alerts');
  await page.getByRole('link', { name: 'Notifications' }).click();
  await eventually('the notification is shown', async () => (await page.locator('.alert.firing').count()) > 0, 30);
  await shot(page, 'notifications');
  await page.getByRole('link', { name: 'Active alerts' }).click();
  await page.getByRole('button', { name: 'Silence for 2 h' }).first().click();
  await eventually('it is silenced', async () => (await page.getByText('silenced').count()) > 0);
  await page.getByRole('link', { name: 'Silences' }).click();
  await page.getByRole('button', { name: 'Expire' }).first().click();
  await eventually('the silence is over', async () => (await page.locator('.badge.expired').count()) > 0);
  await page.goto(`${CONSOLE}/services`);
  await page.getByRole('region', { name: 'gateway' }).getByRole('button', { name: 'Reset chaos' }).click();
});

test('questions of one\'s own in all three languages', async () => {
  const { page, problems } = session;
  await page.goto(`${CONSOLE}/explore`);
  const ask = async (source, query) => {
    await page.getByLabel('Data source').selectOption({ label: source });
    await page.getByLabel('Query').fill(query);
    await page.getByRole('button', { name: 'Run query' }).click();
  };
  await ask('Prometheus', 'sum by (service) (rate(http_requests_total[1m]))');
  await page.locator('.explore-chart canvas').waitFor();
  await shot(page, 'explore-metrics');
  await ask('Loki', '{service="gateway"} | json | status = 200');
  await eventually('lines', async () => (await page.locator('.log').count()) > 0);
  await ask('Tempo', '{ resource.service.name = "gateway" }');
  await eventually('traces', async () => (await page.locator('table.data tbody tr').count()) > 0);
  await shot(page, 'explore-traces');
  await page.getByRole('button', { name: 'Service map' }).click();
  await eventually('the service map', async () => (await page.locator('.nodegraph .node').count()) >= 3, 60);
  await shot(page, 'service-map');
  await ask('Prometheus', 'sum(rate(');
  await page.getByRole('alert').waitFor();
  assert.deepEqual(problems, []);
});

test('targets are up and the light theme is light', async () => {
  const { page } = session;
  await page.goto(`${CONSOLE}/targets`);
  await eventually('targets', async () => (await page.locator('tbody tr').count()) >= 3);
  assert.equal(await page.locator('.badge.down').count(), 0);
  await page.getByRole('button', { name: /Light/ }).click();
  await shot(page, 'targets-light');
  await page.goto(`${CONSOLE}/d/golden-signals`);
  await page.locator('section.panel[data-state=ready]').nth(5).waitFor();
  await page.waitForTimeout(1000);
  await shot(page, 'golden-signals-light');
});

test('what a log line or a label contains is shown as text', async () => {
  const { page, problems } = session;
  const loki = `${CONSOLE}/api/datasources/proxy/uid/loki/loki/api/v1/push`;
  const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  const body = { streams: [{ stream: { job: 'xss', evil }, values: [[`${Date.now()}000000`, evil, { evil }]] }] };
  const pushed = await fetch(loki, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  assert.equal(pushed.status, 204);
  await page.goto(`${CONSOLE}/explore`);
  await page.getByLabel('Data source').selectOption({ label: 'Loki' });
  await page.getByLabel('Query').fill('{job="xss"}');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.locator('.log-line').first().click();
  assert.ok((await page.locator('.log-details').textContent()).includes('<script>'));
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(problems, []);
});
