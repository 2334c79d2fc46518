using BenchmarkDotNet.Running;
using Recur.Benchmarks.Compare;
using Recur.Benchmarks.Results;
using Recur.Benchmarks.Words;

return args switch
{
    ["compare" or "table" or "words" or "glove" or "vectors", "--help" or "-h"] or ["--help" or "-h"] => Usage(Console.Out, 0),
    ["compare", ..] => CompareCommand.Run(args.AsSpan(1)),
    ["table", ..] => ResultsTable.Run(args.AsSpan(1)),
    ["words", ..] => WordsCommand.Run(args.AsSpan(1)),
    ["glove", ..] => GloVeCommand.Run(args.AsSpan(1)),
    ["vectors", ..] => VectorsCommand.Run(args.AsSpan(1)),
    ["kernels", ..] => RunKernels(args[1..]),
    _ => Usage(Console.Error, 2),
};

static int RunKernels(string[] arguments)
{
    BenchmarkSwitcher.FromAssembly(typeof(CompareCommand).Assembly).Run(arguments);
    return 0;
}

static int Usage(TextWriter writer, int code)
{
    writer.WriteLine(
        $"""
        usage: dotnet run -c Release --project benchmarks/Recur.Benchmarks -- VERB
        {CompareCommand.Usage}
        {ResultsTable.Usage}
        {WordsCommand.Usage}
        {GloVeCommand.Usage}
        {VectorsCommand.Usage}
        kernels [BenchmarkDotNet's options, such as --filter '*Gemm*']
        """);
    return code;
}
