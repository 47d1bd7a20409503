#!/bin/bash
# A SLURM of one node on this host, for tests: tools/slurm.sh start|stop FOLDER
# Needs Debian's slurm-wlm and munge, and root. FOLDER (absolute) holds configuration, keys, state and logs.
# After "start" use: export SLURM_CONF=FOLDER/slurm.conf
set -euo pipefail
action=${1:?start or stop} folder=${2:?a folder}

stop() {
    for name in slurmd slurmctld munged; do
        [ -f "$folder/$name.pid" ] || continue
        local pid; pid=$(cat "$folder/$name.pid")
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
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
    local node; node=$(hostname -s)
    cat > "$folder/slurm.conf" <<EOF
ClusterName=local
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
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
    export SLURM_CONF=$folder/slurm.conf
    slurmctld
    slurmd
    for _ in $(seq 30); do
        [ "$(sinfo -h -o %t 2>/dev/null | head -1)" = idle ] && return
        sleep 0.5
    done
    echo "no node came up: $(tail -1 "$folder/slurmd.log" 2>/dev/null)" >&2
    stop
    exit 4
}

"$action"
