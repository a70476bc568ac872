import type { FieldReader } from './field-reader.ts';
import type { ProbeSpec } from './workload.ts';

/** Reads a probe with the defaults of Kubernetes. */
export function parseProbe(probe: FieldReader): ProbeSpec {
  probe.only(
    [
      'httpGet',
      'tcpSocket',
      'initialDelaySeconds',
      'periodSeconds',
      'timeoutSeconds',
      'failureThreshold',
      'successThreshold',
    ],
    ['terminationGracePeriodSeconds'],
  );
  return {
    action: parseAction(probe),
    initialDelaySeconds: probe.at('initialDelaySeconds').integer({ fallback: 0, min: 0 }),
    periodSeconds: probe.at('periodSeconds').integer({ fallback: 10, min: 1 }),
    timeoutSeconds: probe.at('timeoutSeconds').integer({ fallback: 1, min: 1 }),
    failureThreshold: probe.at('failureThreshold').integer({ fallback: 3, min: 1 }),
    successThreshold: probe.at('successThreshold').integer({ fallback: 1, min: 1 }),
  };
}

function parseAction(probe: FieldReader): ProbeSpec['action'] {
  const http = probe.at('httpGet').only(['path', 'port', 'scheme', 'httpHeaders']);
  if (!http.isAbsent) {
    if (http.at('scheme').text('HTTP') !== 'HTTP') http.at('scheme').refuse('the local runtime probes by HTTP only');
    const path = http.at('path').text('/');
    if (!/^\/[\x21-\x7e]*$/.test(path)) http.at('path').refuse('is not a path that begins with /');
    const headers = http
      .at('httpHeaders')
      .list()
      .map((header) => [header.at('name').text(), header.at('value').text('')] as const);
    return { kind: 'httpGet', path, headers, port: parsePortName(http.at('port')) };
  }
  const tcp = probe.at('tcpSocket').only(['port']);
  if (tcp.isAbsent) probe.refuse('has neither httpGet nor tcpSocket');
  return { kind: 'tcpSocket', port: parsePortName(tcp.at('port')) };
}

/** A port's number or name. */
export function parsePortName(port: FieldReader): number | string {
  return typeof port.value === 'string' ? port.text() : port.integer({ min: 1, max: 65_535 });
}
