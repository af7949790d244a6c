import { afterAll, expect, test } from 'vitest'
import { image } from '../../src/resources/image.ts'
import { removeArtifacts, smallBundle } from '../tasks/containerd/fixtures.ts'

afterAll(removeArtifacts)

test('ctr imports an image by itself, unless it is too old to be told so', () => {
  const reference = 'registry.k8s.io/pause:3.10.2'
  const artifact = smallBundle().findImage(reference, 'amd64')
  const actions = (local: boolean) => {
    const change = image(artifact, reference, { socket: '/run/c.sock', local }).compare(false)
    return change?.actions.flatMap((action) => (action.kind === 'deliver' ? [action.install.text] : [])).join('\n')
  }
  expect(actions(true)).toContain(`images import --local "$KW_FILE"`)
  expect(actions(false)).toMatch(/images import +"\$KW_FILE"/)
})
