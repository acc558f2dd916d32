// java -cp <jars of JPMML-Evaluator> Score.java MODEL X ROWS: the counterpart of score.cc. Scores the
// float32 matrix X (raw, row by row; the columns in the order of the model's input fields) once for
// every line "run" on standard input and answers with the seconds it took and those of processor time,
// garbage collection included; "save FILE" writes the last predictions as raw doubles. The rows are maps before
// any time counts.
import com.sun.management.OperatingSystemMXBean;
import java.io.*;
import java.lang.management.ManagementFactory;
import java.nio.*;
import java.nio.file.*;
import java.util.*;
import org.jpmml.evaluator.*;

public class Score {
  public static void main(String[] arguments) throws Exception {
    Evaluator evaluator = new LoadingModelEvaluatorBuilder().load(new File(arguments[0])).build();
    List<String> names = new ArrayList<>();
    for (InputField field : evaluator.getInputFields()) names.add(field.getName());
    names.sort(Comparator.comparing((String name) -> Integer.parseInt(name.substring(1))));
    String target = evaluator.getTargetFields().get(0).getName();
    FloatBuffer x = ByteBuffer.wrap(Files.readAllBytes(Path.of(arguments[1])))
                        .order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    int rows = Integer.parseInt(arguments[2]);
    List<Map<String, Object>> maps = new ArrayList<>();
    for (int row = 0; row < rows; ++row) {
      Map<String, Object> map = new HashMap<>();
      for (String name : names) map.put(name, x.get());
      maps.add(map);
    }
    double[] predictions = new double[rows];
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("ready");
    for (String line; (line = lines.readLine()) != null;) {
      if (line.equals("run")) {
        long cpu = system.getProcessCpuTime(), start = System.nanoTime();
        for (int row = 0; row < rows; ++row) {
          Object value = evaluator.evaluate(maps.get(row)).get(target);
          predictions[row] = ((Number) EvaluatorUtil.decode(value)).doubleValue();
        }
        long took = System.nanoTime() - start;
        System.out.println(took / 1e9 + " " + (system.getProcessCpuTime() - cpu) / 1e9);
      } else {
        ByteBuffer out = ByteBuffer.allocate(rows * 8).order(ByteOrder.LITTLE_ENDIAN);
        out.asDoubleBuffer().put(predictions);
        Files.write(Path.of(line.substring(5)), out.array());
        System.out.println("saved");
      }
    }
  }
}
