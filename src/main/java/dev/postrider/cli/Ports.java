package dev.postrider.cli;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** TCP ports on the command line. */
final class Ports {
    private Ports() {}

    static void check(CommandLine command, String option, int port) {
        if (port < 0 || port > 65535) {
            throw new ParameterException(command, option + ": " + port
                    + " is no TCP port; use 1 to 65535, or 0 for one that the system chooses");
        }
    }
}
