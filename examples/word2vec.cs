// Word vectors from a small text of our own: words used alike end up near each other. dotnet run examples/word2vec.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Text;

// Sentences by chance from a few patterns. Nothing says which words are animals; only the places where they stand do.
string[] animals = ["cat", "dog", "horse", "sheep"], foods = ["bread", "grass", "meat", "milk"];
string[] places = ["barn", "garden", "house", "meadow"], colours = ["black", "brown", "grey", "white"];
var rng = new Rng(1);
string Any(string[] words) => words[rng.NextInt(0, words.Length)];
List<string> lines = [];
for (int i = 0; i < 4000; i++)
{
    lines.Add($"the {Any(colours)} {Any(animals)} eats {Any(foods)} in the {Any(places)}");
    lines.Add($"we saw a {Any(animals)} near the {Any(places)}");
    lines.Add($"give the {Any(animals)} some {Any(foods)} , it is {Any(colours)}");
}

TextSource text = TextSource.FromLines(lines);
// With one thread a run is repeatable.
var options = new Word2VecOptions { SkipGram = true, VectorSize = 24, Window = 3, Alpha = 0.05, Threads = 1 };
Word2Vec model = Word2Vec.Train(text, new WhitespaceTokenizer(), options);
bool falls = model.Losses[^1] < model.Losses[0];
Console.WriteLine($"{model.Vocabulary.Count} words, {model.Epochs} epochs, loss falls: {falls}");
foreach (string word in (string[])["cat", "milk", "barn", "grey"])
{
    IEnumerable<string> near = model.Vectors.MostSimilar(word, 3).Select(n => n.Word).Order();
    Console.WriteLine($"near {word}: {string.Join(", ", near)}");
}
