/** The shop: each service's state, starting and stopping it, and its chaos. */

import { useState } from 'preact/hooks';
import * as lab from '../api/lab';
import { errorText, useLoad, useTick } from '../state/load';

export function ServicesPage() {
  const tick = useTick(2000);
  const { data, error } = useLoad(() => lab.services(), [tick]);
  return (
    <main class="page">
      <h1>Services and chaos</h1>
      {error && <div class="empty bad" role="alert">{error}</div>}
      <div class="services">{(data ?? []).map((service) => <ServiceCard key={service.name} service={service} />)}</div>
    </main>
  );
}

function ServiceCard({ service }: { service: lab.Service }) {
  const [again, setAgain] = useState(0);
  const tick = useTick(5000);
  const { data: chaos, error } = useLoad(() => lab.chaos(service.name), [again, tick, service.state]);
  const [failed, setFailed] = useState('');
  const run = (work: Promise<unknown>) =>
    void work.then(
      () => {
        setFailed('');
        setAgain((old) => old + 1);
      },
      (reason: unknown) => setFailed(errorText(reason)),
    );
  const running = service.state === 'running';
  const calm = !chaos || (chaos.error_rate === 0 && chaos.latency_ms === 0 && chaos.jitter_ms === 0);
  return (
    <section class="panel" aria-label={service.name}>
      <header>
        <h2>{service.name}</h2>
        <span class={`badge ${running ? 'up' : 'down'}`}>{service.state}</span>
        <span class="muted">pid {service.pid ?? '–'}, {service.restarts} restarts</span>
      </header>
      <div class="body controls">
        <div class="links">
          {running ? (
            <>
              <button class="button" onClick={() => run(lab.act(service.name, 'restart'))}>Restart</button>
              <button class="button" onClick={() => run(lab.act(service.name, 'stop'))}>Stop</button>
              <button class="button" onClick={() => run(lab.act(service.name, 'kill'))}>Kill</button>
            </>
          ) : <button class="button primary" onClick={() => run(lab.act(service.name, 'start'))}>Start</button>}
        </div>
        {chaos && (
          <>
            <Slider label="Errors" value={chaos.error_rate} max={1} step={0.05} text={`${Math.round(chaos.error_rate * 100)} %`} onSet={(error_rate) => run(lab.setChaos(service.name, { error_rate }))} />
            <Slider label="Latency" value={chaos.latency_ms} max={3000} step={50} text={`${chaos.latency_ms} ms`} onSet={(latency_ms) => run(lab.setChaos(service.name, { latency_ms }))} />
            <button class="button" disabled={calm} onClick={() => run(lab.resetChaos(service.name))}>Reset chaos</button>
          </>
        )}
        {(failed || error) && <p class="bad" role="alert">{failed || error}</p>}
      </div>
    </section>
  );
}

function Slider(props: { label: string; value: number; max: number; step: number; text: string; onSet: (value: number) => void }) {
  return (
    <label class="slider">
      <span>{props.label}</span>
      <input type="range" min={0} max={props.max} step={props.step} value={props.value} onChange={(event) => props.onSet(Number(event.currentTarget.value))} />
      <b>{props.text}</b>
    </label>
  );
}
