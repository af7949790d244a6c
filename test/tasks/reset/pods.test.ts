import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { scriptFile } from '../../../src/host/script.ts'
import { endedPods } from '../../../src/resources/reset-pods.ts'
import { stoppedService } from '../../../src/resources/reset-service.ts'

const pods = endedPods({ criSocket: '/run/containerd/containerd.sock', ours: true })

test('with a dead containerd the processes of pods and its shims are seen all the same', () => {
  const state = pods.probe.parse('process 100\nprocess 101\nshim 90\n')
  expect(pods.compare(state)?.summary).toBe('end the pods of this host: 3 processes')
})

test('records, network namespaces and slices that remain of pods are due, too', () => {
  const state = pods.probe.parse('container 1a\nnetwork /run/netns/cni-1\nslice kubepods.slice\n')
  expect(pods.compare(state)?.summary).toBe('end the pods of this host: 1 container, 1 network namespace, 1 slice')
})

test('a host without pods has nothing to end', () => {
  expect(pods.compare(pods.probe.parse(''))).toBeUndefined()
})

test("somebody else's containers in the containerd that goes stop the reset", () => {
  const state = pods.probe.parse('foreign moby\n')
  expect(pods.examine?.(state)).toMatchObject([{ check: 'ForeignContainers', severity: 'error' }])
  expect(pods.examine?.(pods.probe.parse(''))).toEqual([])
  const adopted = endedPods({ criSocket: '/run/containerd/containerd.sock', ours: false })
  expect(adopted.examine?.(state)).toEqual([])
})

test('a container that containerd refuses to remove, or makes meanwhile, is removed by another try', () => {
  const script = `${scriptFile('host/reset.sh').text}
sleep() { :; }
tries=0
kw_ctr() {
  case "$*" in
    *' containers ls -q') if [ -e "$dir/gone" ]; then :; else echo 1a; fi ;;
    *' containers rm 1a') tries=$((tries + 1)); [ "$tries" = 3 ] && : >"$dir/gone" ;;
  esac
}
dir=$(mktemp -d)
kw_end_containers /run/containerd/containerd.sock
echo "$tries tries"
rm -r "$dir"`
  expect(spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout).toBe('3 tries\n')
})

test('a unit that is not there, or neither runs nor starts at boot, is left alone', () => {
  const one = stoppedService('kubelet.service')
  expect(one.compare(one.probe.parse('ActiveState=inactive\nUnitFileState=\n'))).toBeUndefined()
  expect(one.compare(one.probe.parse(''))).toBeUndefined()
  expect(one.compare(one.probe.parse('ActiveState=activating\nUnitFileState=enabled\n'))?.summary).toBe(
    'stop and disable kubelet.service',
  )
  expect(one.compare(one.probe.parse('ActiveState=inactive\nUnitFileState=enabled\n'))?.summary).toBe(
    'disable kubelet.service',
  )
})
