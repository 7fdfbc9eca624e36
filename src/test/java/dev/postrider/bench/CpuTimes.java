package dev.postrider.bench;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * User and system time of processes so far.
 *
 * @param of by the name of the process
 */
record CpuTimes(Map<String, Duration> of) {
    static CpuTimes now(Map<String, ProcessHandle> processes) {
        Map<String, Duration> times = new LinkedHashMap<>();
        processes.forEach((name, process) -> times.put(name, process.info().totalCpuDuration().orElseThrow()));
        return new CpuTimes(times);
    }

    /** The process of that program among those that this one has started, and those that they have started. */
    static ProcessHandle descendant(String program) {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").endsWith("/" + program))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no process of " + program));
    }

    /** What was used since then. */
    CpuTimes since(CpuTimes before) {
        Map<String, Duration> more = new LinkedHashMap<>();
        of.forEach((name, time) -> more.put(name, time.minus(before.of.getOrDefault(name, Duration.ZERO))));
        return new CpuTimes(more);
    }

    Duration sum() {
        return of.values().stream().reduce(Duration.ZERO, Duration::plus);
    }
}
