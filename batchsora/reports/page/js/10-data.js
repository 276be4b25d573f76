const report = JSON.parse(document.getElementById("data").textContent);
for (const job of report.jobs) {
  const line = document.createElement("p");
  line.textContent = job.slice(1, 8).join(" · ");
  document.getElementById("jobs").append(line);
}
