/** Files of a repository, by path. */
export type Files = Readonly<Record<string, string>>;

/** Environments of the crash suite's application, in the order of promotion. */
export const environments = ['qa', 'stage', 'prod'] as const;
export type EnvironmentName = (typeof environments)[number];

/** The smallest service with a whole chain: one file, one test, one image. `version` is what it answers. */
export function codeFiles(version: string): Files {
  return {
    'version.txt': `${version}\n`,
    'server.js': `const http = require('node:http');
const { readFileSync } = require('node:fs');
const version = readFileSync(__dirname + '/version.txt', 'utf8').trim();
const server = http.createServer((request, response) => response.end(request.url === '/version' ? version : 'ok'));
if (require.main === module) server.listen(8080);
process.on('SIGTERM', () => process.exit(0));
module.exports = { version };
`,
    'server.test.js': `const test = require('node:test');
const { version } = require('./server.js');
test('it knows its version', () => {
  if (!/^v\\d+$/.test(version)) throw new Error(version);
});
`,
    'verify.mjs': `const response = await fetch('http://' + process.env.WEB_ADDRESS + '/version');
const text = await response.text();
if (!/^v\\d+$/.test(text)) throw new Error(text);
`,
    Dockerfile: `FROM slipway/node
WORKDIR /app
COPY server.js version.txt /app/
USER 10001:10001
EXPOSE 8080
CMD ["server.js"]
`,
    'slipway.yaml': `apiVersion: slipway.dev/v1alpha1
kind: Pipeline
metadata: {name: web}
spec:
  stages:
    - name: test
      kind: test
      commands: ['node --test --test-reporter=junit --test-reporter-destination=junit.xml server.test.js']
      reports: {junit: junit.xml}
      timeout: 1m
    - name: image
      kind: image
      needs: [test]
      dockerfile: Dockerfile
      image: crash/web
    - name: publish
      kind: publish
      needs: [image]
    - name: manifests
      kind: manifests
      needs: [publish]
      repository: crash-config
      update: [qa]
`,
  };
}

const base = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  progressDeadlineSeconds: 60
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: web
          image: crash/web
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 1, failureThreshold: 3}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {memory: 128Mi}
          securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
`;

/** Three environments, the last one protected, each verified by one request. */
export function configFiles(registryHost: string): Files {
  const environment = (name: EnvironmentName): string => `    - name: ${name}
      path: overlays/${name}
      namespace: crash-${name}
      target: local
      rolloutDeadline: 1m${name === 'prod' ? '\n      class: protected\n      approvals: 1' : ''}
      verifications:
        - {name: version, repository: crash, commands: [node verify.mjs], services: [web], timeout: 30s}
`;
  const overlays = environments.map((name) => [
    `overlays/${name}/kustomization.yaml`,
    `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: crash-${name}
resources: [../../base]
images:
  - name: crash/web
    newName: ${registryHost}/crash/web
    newTag: unreleased
`,
  ]);
  return {
    'slipway.yaml': `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata: {name: crash}
spec:
  branch: main
  updates: [qa]
  registries: ['${registryHost}']
  environments:
${environments.map(environment).join('')}`,
    'base/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [web.yaml]
`,
    'base/web.yaml': base,
    ...(Object.fromEntries(overlays) as Files),
  };
}
