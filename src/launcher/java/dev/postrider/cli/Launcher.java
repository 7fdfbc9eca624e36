package dev.postrider.cli;

import java.io.DataInputStream;
import java.io.IOException;

/**
 * What {@code java -jar} starts. It is compiled for a Java that is long past, so that one which cannot run the program
 * can still say so.
 */
public final class Launcher {
    private static final String PROGRAM = "Postrider";
    /** The version of class files that Java 1.0 read; each Java since has one more (JVMS, section 4.1). */
    private static final int FIRST_VERSION = 44;

    private Launcher() {}

    /**
     * Starts the program.
     *
     * @throws Exception if the jar is damaged
     */
    public static void main(String[] arguments) throws Exception {
        int needed = classVersion() - FIRST_VERSION;
        int running = (int) Double.parseDouble(System.getProperty("java.class.version")) - FIRST_VERSION;
        if (running < needed) {
            System.err.println("Postrider needs Java " + needed + " or newer, and this is Java "
                    + System.getProperty("java.version") + " in " + System.getProperty("java.home")
                    + "; start it with another one, as /path/to/jdk-" + needed + "/bin/java -jar "
                    + System.getProperty("java.class.path"));
            System.exit(2);
        }
        Class.forName(Launcher.class.getPackage().getName() + "." + PROGRAM)
                .getMethod("main", String[].class)
                .invoke(null, (Object) arguments);
    }

    /** Of the program itself: whatever it was compiled for is what it needs. */
    private static int classVersion() throws IOException {
        try (DataInputStream file = new DataInputStream(Launcher.class.getResourceAsStream(PROGRAM + ".class"))) {
            file.readInt();
            file.readUnsignedShort();
            return file.readUnsignedShort();
        }
    }
}
