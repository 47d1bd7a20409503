#!/bin/bash
# A SLURM of one node on this host, for tests: tools/slurm.sh start|stop FOLDER
# Needs Debian's slurm-wlm and munge, and root. FOLDER (absolute) holds configuration, keys, state and logs.
# After "start" use: export SLURM_CONF=FOLDER/slurm.conf
set -euo pipefail
action=${1:?start or stop} folder=${2:?a folder}

stop() { # [NAME ...]
    for name in ${@:-slurmd slurmctld munged}; do
        [ -f "$folder/$name.pid" ] || continue
        local pid; pid=$(cat "$folder/$name.pid")
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
}

free_ports() { # two that nobody listens on, below those that the system hands out
    local port found=()
    while [ "${#found[@]}" -lt 2 ]; do
        port=$((20000 + 2 * (RANDOM % 5000) + ${#found[@]}))
        grep -qi "$(printf ':%04X [0-9A-F]*:0000 0A' "$port")" /proc/net/tcp /proc/net/tcp6 2>/dev/null || found+=("$port")
    done
    echo "${found[@]}"
}

is_up() {
    for _ in $(seq 300); do
        [ "$(sinfo -h -o %t 2>/dev/null | head -1)" = idle ] && return
        grep -qsi "address already in use" "$folder"/slurm{ctl,}d.log && return 1
        sleep 0.2
    done
    return 1
}

start() {
    for command in munged slurmctld slurmd sbatch; do
        command -v "$command" >/dev/null || { echo "$command is not installed (apt-get install slurm-wlm munge)" >&2; exit 3; }
    done
    [ "$(id -u)" = 0 ] || { echo "the daemons of a SLURM need root" >&2; exit 3; }
    mkdir -p "$folder"/{state,spool}
    chmod 755 "$folder"
    dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 status=none
    chmod 600 "$folder/munge.key"
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
    export SLURM_CONF=$folder/slurm.conf
    for _ in 1 2 3; do # another may take a port in between
        rm -f "$folder"/slurm{ctl,}d.log
        configure $(free_ports)
        slurmctld && slurmd && is_up && return
        grep -qsi "address already in use" "$folder"/slurm{ctl,}d.log || break
        stop slurmd slurmctld
    done
    echo "no node came up: $(tail -1 "$folder/slurmd.log" 2>/dev/null)" >&2
    stop
    exit 4
}

configure() { # PORT PORT
    local node; node=$(hostname -s)
    cat > "$folder/slurm.conf" <<EOF
ClusterName=local
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmctldPort=$1
SlurmdPort=$2
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=test Nodes=$node Default=YES MaxTime=01:00:00 State=UP
EOF
}

"$action"
