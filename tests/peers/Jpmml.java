// Scores tables with JPMML-Evaluator, the reference implementation of PMML, many in one virtual
// machine: java -cp <jars of JPMML> Jpmml.java. One job per line of standard input, tab-separated:
//     score   MODEL INPUT.csv OUTPUT.csv    with the visitors of its default loading path
//     plain   MODEL INPUT.csv OUTPUT.csv    without visitors: the document as it stands
//     verify  MODEL                         its own check of the embedded ModelVerification
// and one answer per line of standard output: "ok", or "error" and the reason. OUTPUT.csv has one
// line per row, with the targets and output fields and the reason of a refused row in the column
// "error"; an empty field is a missing value, numbers are printed in full.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.jpmml.evaluator.*;
import org.jpmml.model.visitors.VisitorBattery;

public class Jpmml {
  public static void main(String[] arguments) throws IOException {
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
    System.setOut(System.err);  // the XML binding reports there
    for (String line; (line = jobs.readLine()) != null;) {
      String[] job = line.split("\t");
      String answer = "ok";
      try {
        run(job);
      } catch (Throwable e) {  // a deep document ends in a StackOverflowError
        answer = "error\t" + reason(e);
      }
      answers.println(answer);
    }
  }

  static void run(String[] job) throws Exception {
    LoadingModelEvaluatorBuilder builder = new LoadingModelEvaluatorBuilder();
    if (job[0].equals("plain")) builder.setVisitors(new VisitorBattery());
    Evaluator evaluator = builder.load(new File(job[1])).build();
    if (job[0].equals("verify")) {
      evaluator.verify();
      return;
    }
    List<String> names = new ArrayList<>();
    for (TargetField field : evaluator.getTargetFields()) {
      if (!field.isSynthetic()) names.add(field.getName());
    }
    for (OutputField field : evaluator.getOutputFields()) names.add(field.getName());
    List<List<String>> rows = parse(Files.readString(Path.of(job[2])));
    List<String> header = rows.get(0);
    try (BufferedWriter out = Files.newBufferedWriter(Path.of(job[3]))) {
      List<String> cells = new ArrayList<>(names);
      cells.add("error");
      write(out, cells);
      for (List<String> row : rows.subList(1, rows.size())) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (InputField field : evaluator.getInputFields()) {
          int at = header.indexOf(field.getName());
          values.put(field.getName(), at < 0 || at >= row.size() ? null : row.get(at));
        }
        cells = new ArrayList<>();
        try {
          Map<String, ?> results = EvaluatorUtil.decodeAll(evaluator.evaluate(values));
          for (String name : names) cells.add(text(results.get(name)));
          cells.add(null);
        } catch (Exception | StackOverflowError e) {
          cells = new ArrayList<>(Collections.nCopies(names.size(), null));
          cells.add(reason(e));
        }
        write(out, cells);
      }
    }
  }

  static String reason(Throwable e) {
    return (e.getClass().getSimpleName() + ": " + e.getMessage()).replaceAll("\\s+", " ");
  }

  static String text(Object value) {
    return value == null ? null : value.toString();
  }

  // Rows of cells; an empty cell is null.
  static List<List<String>> parse(String text) {
    List<List<String>> rows = new ArrayList<>();
    List<String> row = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false, wasQuoted = false;
    for (int i = 0; i <= text.length(); ++i) {
      char c = i < text.length() ? text.charAt(i) : '\n';
      if (quoted && i < text.length()) {
        if (c != '"') {
          cell.append(c);
        } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
          cell.append('"');
          ++i;
        } else {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = wasQuoted = true;
      } else if (c == ',' || c == '\n') {
        if (c == '\n' && i == text.length() && row.isEmpty() && cell.length() == 0) break;
        row.add(cell.length() == 0 && !wasQuoted ? null : cell.toString());
        cell.setLength(0);
        wasQuoted = false;
        if (c == '\n') {
          rows.add(row);
          row = new ArrayList<>();
        }
      } else if (c != '\r') {
        cell.append(c);
      }
    }
    return rows;
  }

  static void write(Writer out, List<String> cells) throws IOException {
    StringJoiner line = new StringJoiner(",", "", "\n");
    for (String cell : cells) {
      boolean quote = cell != null && (cell.isEmpty() || cell.matches("(?s).*[\",\r\n].*"));
      line.add(cell == null ? "" : quote ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
    }
    out.write(line.toString());
  }
}
