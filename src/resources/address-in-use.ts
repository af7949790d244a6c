import type { Finding, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

/** Who has an address, as its neighbours find out. */
export interface AddressInUse {
  /** Whether a ping was answered. */
  readonly answers: boolean
  /** Of who said by ARP (or neighbour discovery) that the address is his, answering pings or not. */
  readonly mac: string | undefined
}

/** Only asks whether an address is somebody's on the network of the interface; what is found is no part of a saved plan. Without `ping` nobody is asked. */
export function addressInUse(
  address: string,
  via: string,
  examine: (state: AddressInUse) => readonly Finding[],
): Resource<AddressInUse> {
  return {
    id: 'preflight:AddressInUse',
    probe: {
      script: sh`command -v ping >/dev/null && ping -n -q -c 1 -W 1 ${address} >/dev/null && echo answers
ip neigh show to ${address} dev ${via} nud reachable`,
      parse: (output) => ({
        answers: output.split('\n').includes('answers'),
        mac: / lladdr ([\da-f:]+)/i.exec(output)?.[1]?.toLowerCase(),
      }),
    },
    compare: () => undefined,
    digest: () => undefined,
    examine,
  }
}
