/**
 * The systemd unit of a public relay. It asks for as little of the host as a relay needs: a port, and a directory of its own.
 *
 * @module
 */

/** The unit's text. What an operator has to change stands at its top. */
export const RELAY_UNIT = `# barnacle-relay.service: a public MoltComm relay.
#
# Put this into /etc/systemd/system/barnacle-relay.service, set the relay's public name below, then:
#   systemctl daemon-reload && systemctl enable --now barnacle-relay
# Settings other than these go into /var/lib/barnacle-relay/barnacle.json.

[Unit]
Description=Barnacle relay
Documentation=man:systemd.exec(5)
After=network-online.target
Wants=network-online.target

[Service]
# The public name or address, as others dial it.
Environment=BARNACLE_RELAY_ADVERTISE=relay://relay.example:9003
# Ten thousand idle nodes cost a third less processor time so, and some 7 MiB of memory more.
Environment=MIMALLOC_PURGE_HOLES=0
ExecStart=/usr/local/bin/barnacle relay --listen 0.0.0.0:9003 --http 127.0.0.1:7412 --dir /var/lib/barnacle-relay --log json
Restart=always
RestartSec=2
TimeoutStopSec=10

DynamicUser=yes
StateDirectory=barnacle-relay
StateDirectoryMode=0700
UMask=0077
# A file for each connection of relay.connectionsMax, and some.
LimitNOFILE=65536
MemoryHigh=768M
MemoryMax=1G
TasksMax=64

CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
